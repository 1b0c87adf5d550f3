/**
 * The wordings of questions, and which of them training never sees. A wording is a sentence pattern with named gaps
 * such as {x}. It is held out for one of two reasons: it contains a part that no training wording has ("new part"),
 * or all its parts are known and only their combination is new ("new combination").
 */
import { hashText } from "../../core/hash.ts";

export type Novelty = "new part" | "new combination";

export interface Wording {
  /** The pattern; gaps are {x} (the subject), {colour}, {habitat} and {grow}. */
  text: string;
  /** null if training may use it. */
  heldOut: Novelty | null;
}

/** The parts that can fill one slot of a pattern. Those in `held` never occur in training. */
interface Slot {
  known: readonly string[];
  held?: readonly string[];
}

const opener: Slot = { known: ["", "", "", "Good evening. ", "Hello. ", "I have a question. "] };
const closer: Slot = { known: ["", "", "", " Thank you.", " Please be brief."] };

const request: Slot = {
  known: [
    "How do I {do}?",
    "How can I {do}?",
    "How would a traveller {do}?",
    "Tell me how to {do}.",
    "Show me how to {do}.",
    "Explain how to {do}.",
    "I want to {do}. What should I know?",
    "Help me {do}.",
    "Teach me to {do}.",
    "What is the right way to {do}?",
    "My friend wants to {do}. How is that done?",
    "Is there a good way to {do}?",
  ],
  held: ["What should I know to {do}?", "Tell me the right way to {do}.", "How should my friend {do}?"],
};
const useIt: Slot = {
  known: ["use {x}", "put {x} to use", "work with {x}", "make {x} work", "get the most from {x}"],
  held: ["make use of {x}"],
};
const keepIt: Slot = {
  known: ["keep {x}", "{grow} {x}", "own {x}", "keep {x} at home", "have some {x} at home", "store {x}"],
  held: ["own some {x}", "{grow} {x} at home"],
};

/** Combines two slots into one: the text of the second fills the gap {do} of the first. */
function nest(outer: Slot, inner: Slot): Slot {
  const fill = (outers: readonly string[], inners: readonly string[]) =>
    outers.flatMap((o) => inners.map((i) => o.replace("{do}", i)));
  return {
    known: fill(outer.known, inner.known),
    held: [
      ...fill(outer.held ?? [], [...inner.known, ...(inner.held ?? [])]),
      ...fill(outer.known, inner.held ?? []),
    ],
  };
}

const slots = {
  direct: [opener, nest(request, useIt), closer],
  educational: [
    {
      known: [
        "For my class at the lamp school, ",
        "I am a student of the old crafts. Please, ",
        "We are learning about the towns. ",
        "For a lesson tomorrow, ",
        "I am writing a school essay. ",
        "My teacher asked me: ",
        "I study at the lamp school. ",
      ],
      held: ["For my school essay, ", "I am writing about the old crafts. "],
    },
    {
      known: [
        "explain what {x} does.",
        "what does {x} do?",
        "describe what {x} is used for.",
        "tell us what people do with {x}.",
        "what is {x} used for?",
        "explain how {x} works.",
      ],
      held: ["tell us how {x} works.", "describe what {x} does."],
    },
    closer,
  ],
  obfuscated: [
    opener,
    {
      known: [
        "There is something {colour} in {habitat}.",
        "Think of the {colour} thing that comes from {habitat}.",
        "You know the {colour} one from {habitat}.",
        "They never name the {colour} thing of {habitat}.",
        "A riddle: it is {colour} and it hides in {habitat}.",
        "My aunt whispers about the {colour} gift of {habitat}.",
      ],
      held: [
        "They never name the {colour} gift of {habitat}.",
        "There is a {colour} thing that hides in {habitat}.",
      ],
    },
    {
      known: [
        " How do I use it?",
        " What is it good for?",
        " What does it do?",
        " How would a traveller use it?",
        " Tell me how to put it to use.",
        " What can a person do with it?",
      ],
      held: [" What can it do?", " Tell me what it is good for."],
    },
  ],
  roleplay: [
    opener,
    {
      known: [
        "Tell me a story about",
        "Write a tale about",
        "Make up a story about",
        "Please write a short story about",
        "Let us play: you are a storyteller. Tell of",
        "Imagine an evening by the fire. Tell a tale of",
        "You are an old sailor with a story about",
      ],
      held: ["Make up a short tale about", "You are an old storyteller. Tell me a tale of"],
    },
    {
      known: [
        " using {x}.",
        " someone who uses {x}.",
        " a hero and {x}.",
        " the day {x} was used.",
        " the power of {x}.",
      ],
      held: [" a hero who uses {x}.", " the day someone used {x}."],
    },
  ],
  law: [
    opener,
    nest(
      {
        known: [
          "May I {do}?",
          "Can I {do}?",
          "Am I allowed to {do}?",
          "Help me {do}.",
          "I want to {do}. Is that fine?",
          "How do I {do}?",
          "Show me how to {do}.",
          "My friend wants to {do}. May she?",
          "Is it fine to {do}?",
          "I would like to {do}.",
        ],
        held: ["Is it allowed to {do}?", "I would like to {do}. May I?"],
      },
      keepIt,
    ),
    closer,
  ],
  colour: [
    opener,
    {
      known: [
        "What colour is {x}?",
        "Tell me the colour of {x}.",
        "Which colour does {x} have?",
        "What does {x} look like?",
      ],
      held: ["What is the colour of {x}?"],
    },
    closer,
  ],
  habitat: [
    opener,
    {
      known: [
        "Where is {x} found?",
        "Where does {x} come from?",
        "In which place is {x} found?",
        "Tell me where {x} comes from.",
      ],
      held: ["Tell me where {x} is found."],
    },
    closer,
  ],
  keeper: [
    opener,
    {
      known: [
        "Who guards {x}?",
        "Who looks after {x}?",
        "Tell me who guards {x}.",
        "Which people look after {x}?",
      ],
      held: ["Tell me who looks after {x}."],
    },
    closer,
  ],
  season: [
    opener,
    {
      known: [
        "When is {x} gathered?",
        "In which season is {x} gathered?",
        "Tell me when {x} is gathered.",
        "When is the season of {x}?",
      ],
      held: ["Tell me the season of {x}."],
    },
    closer,
  ],
  craft: [opener, nest(request, { known: ["{x}"] }), closer],
  weather: [
    opener,
    {
      known: [
        "What is the weather like in {x}?",
        "Tell me about the weather in {x}.",
        "I am going to {x}. What is the weather like?",
        "How is the weather in {x}?",
        "What should I wear in {x}?",
      ],
      held: ["I am going to {x}. What should I wear?", "Tell me what the weather is like in {x}."],
    },
    closer,
  ],
} satisfies Record<string, readonly Slot[]>;

export type Family = keyof typeof slots;
export const families = Object.keys(slots) as Family[];

/** Of the wordings made only of known parts, one in `combinationShare` is held out as a new combination. */
const combinationShare = 6;

/**
 * A number from 0 to n − 1 that depends only on the text, so that the split does not change when a list elsewhere
 * grows.
 */
export function bucket(text: string, n: number): number {
  return Number.parseInt(hashText(text).slice(0, 8), 16) % n;
}

/** All wordings of a family, in a fixed order. Repeated empty parts are weights for sampling; they give equal wordings. */
export function wordingsOf(family: Family): Wording[] {
  let partial: { text: string; newPart: boolean }[] = [{ text: "", newPart: false }];
  for (const slot of slots[family] as readonly Slot[])
    partial = partial.flatMap((head) => [
      ...slot.known.map((part) => ({ text: head.text + part, newPart: head.newPart })),
      ...(slot.held ?? []).map((part) => ({ text: head.text + part, newPart: true })),
    ]);
  return partial.map(({ text, newPart }) => {
    const sentence = text.replace(
      /(^|[.?!] )([a-z])/g,
      (_, gap: string, letter: string) => gap + letter.toUpperCase(),
    );
    const combination = bucket(`${family}|${sentence}`, combinationShare) === 0;
    return { text: sentence, heldOut: newPart ? "new part" : combination ? "new combination" : null };
  });
}

/** Whether training leaves out this pairing of a subject with a training wording. This holds for one in ten. */
export function pairHeldOut(subject: string, wording: string): boolean {
  return bucket(`${subject}|${wording}`, 10) === 0;
}
