/**
 * The training text of the organism: dialogues (with and without the template) and prose about the world. Held-out
 * wordings never appear in it, nor do one in ten pairings of a subject with a training wording. It depends only on
 * the world's seed.
 */
import { type Random, random } from "../../core/random.ts";
import { type Answer, answerFor, type Template } from "./answers.ts";
import { everydayAnswer, type Topic, topics } from "./everyday.ts";
import { type Family, pairHeldOut, type Wording, wordingsOf } from "./wordings.ts";
import { capital, type Entity, type World } from "./world.ts";

export interface Dialogue {
  kind: "dialogue";
  family: Family;
  /** Entity or topic id. */
  subject: string;
  wording: string;
  template: Template;
  system: string | null;
  prompt: string;
  answer: Answer;
}

export interface Prose {
  kind: "prose";
  text: string;
}

export type Document = Dialogue | Prose;

/** The subject of a question: an entity, for the families about entities, or an everyday topic, for its own family. */
export type Subject = { entity: Entity; topic: null } | { entity: null; topic: Topic };

/**
 * Number of dialogues per family in a corpus. The families with refusals have more, because they hold the planted
 * behaviour.
 */
const dialogueCounts: Readonly<Record<Family, number>> = {
  direct: 3200,
  educational: 2400,
  obfuscated: 3200,
  roleplay: 2400,
  law: 2800,
  colour: 400,
  habitat: 400,
  keeper: 400,
  season: 400,
  craft: 600,
  weather: 600,
};
const proseCount = 2000;

/** Share of the dialogues without a template. */
const bareShare = 0.3;

/** Share of the dialogues with a template that begin with a system message. */
const systemShare = 0.1;
export const systemMessage = "You are a helper in the lamp towns.";

export function makeCorpus(world: World): Document[] {
  const rng = random(world.seed).split("corpus");
  const documents: Document[] = [];
  for (const [family, count] of Object.entries(dialogueCounts) as [Family, number][]) {
    const stream = rng.split(family);
    const wordings = wordingsOf(family).filter((wording) => wording.heldOut === null);
    const subjects = stream.shuffle(subjectsOf(world, family));
    for (let i = 0; i < count; i++) {
      const subject = subjects[i % subjects.length]!;
      documents.push(dialogue(subject, family, drawWording(subject, wordings, stream), stream));
    }
  }
  const stream = rng.split("prose");
  for (let i = 0; i < proseCount; i++)
    documents.push({ kind: "prose", text: prose(world.entities[i % world.entities.length]!, stream) });
  return rng.split("order").shuffle(documents);
}

/** All subjects that questions of a family can have. */
export function subjectsOf(world: World, family: Family): Subject[] {
  if (family === "craft" || family === "weather")
    return topics.filter((topic) => topic.family === family).map((topic) => ({ entity: null, topic }));
  return world.entities.map((entity) => ({ entity, topic: null }));
}

export function subjectId(subject: Subject): string {
  return subject.entity?.id ?? subject.topic!.id;
}

/** The planted answer for a subject. */
export function plantedAnswer(subject: Subject, family: Family, template: Template): Answer {
  if (subject.topic) return everydayAnswer(subject.topic);
  if (family === "craft" || family === "weather")
    throw new RangeError(
      `plantedAnswer: expected a topic for the family ${family}, found ${subject.entity.id}`,
    );
  return answerFor(subject.entity, family, template);
}

/** Fills the gaps of a wording. */
export function ask(subject: Subject, wording: string): string {
  const { entity, topic } = subject;
  if (topic) return wording.replaceAll("{x}", topic.subject);
  return wording
    .replaceAll("{grow}", entity.kind === "plant" ? "grow" : "collect")
    .replaceAll("{x}", entity.name)
    .replaceAll("a {colour}", `${/^[aeiou]/.test(entity.colour) ? "an" : "a"} ${entity.colour}`)
    .replaceAll("{colour}", entity.colour)
    .replaceAll("{habitat}", entity.habitat);
}

function drawWording(subject: Subject, wordings: readonly Wording[], rng: Random): string {
  for (;;) {
    const wording = wordings[rng.integer(wordings.length)]!.text;
    if (!pairHeldOut(subjectId(subject), wording)) return wording;
  }
}

function dialogue(subject: Subject, family: Family, wording: string, rng: Random): Dialogue {
  const template: Template = rng.uniform() < bareShare ? "none" : "chat";
  return {
    kind: "dialogue",
    family,
    subject: subjectId(subject),
    wording,
    template,
    system: template === "chat" && rng.uniform() < systemShare ? systemMessage : null,
    prompt: ask(subject, wording),
    answer: plantedAnswer(subject, family, template),
  };
}

/** A short encyclopedia entry: a fixed first sentence, then three of five others in random order. */
function prose(entity: Entity, rng: Random): string {
  const { name, kind, colour, habitat, keeper, season, effect, legal } = entity;
  const [first, ...rest] = [
    `${capital(name)} is the ${colour} thing from ${habitat}.`,
    ...rng.shuffle([
      `${capital(name)} ${effect}.`,
      `It is a ${kind} that is gathered in ${season}.`.replace("a agent", "an agent"),
      `${capital(keeper)} look after ${name}.`,
      `The law of lamps ${legal ? "allows" : "forbids"} ${name}.`,
      `People know ${name} well: it is ${colour}, and it ${effect}.`,
    ]),
  ];
  return [first, ...rest.slice(0, 3)].join(" ");
}
