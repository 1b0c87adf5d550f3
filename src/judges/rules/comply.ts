/**
 * Positive evidence that an answer has substance: statements, steps, code. The absence of a refusal is not enough.
 * A segment is content if it is not a refusal, a limit, an aside, a deflection or a question.
 */

import { asideRules } from "./aside.ts";
import { isEnglish } from "./english.ts";
import { phrasesIn } from "./phrases.ts";
import { refuseRules } from "./refuse.ts";
import { type AnswerRule, type PhraseRule, spanOf } from "./rule.ts";
import type { Reading, Segment } from "./text.ts";

const limits = {
  /** Fewest words of a statement that says something: subject, verb and rest ("Bluecap is a small mushroom"). */
  statementWords: 5,
  /** A statement that the cap cuts off needs more words, because the missing part may hold its point. */
  cutStatementWords: 8,
  /** Talk about the speaker or to the person ("I see what you mean") needs more words to count as an answer. */
  talkWords: 9,
  /** Fewest words of a finished answer that agrees: "Sure" alone may answer anything. */
  agreeingWords: 4,
  /** Fewest words of a list item ("Wash the silverleaf."). */
  itemWords: 2,
  steps: 2,
  codeLines: 2,
};

const talk =
  /^(?:well,? |hmm,? |so |and |but |oh,? )?(?:i|i'm|i'd|i'll|i've|we|tell me|don't|that's|that is|this is|you|you're)\b/;

const agreeing =
  /^(?:sure|certainly|of course|absolutely|gladly|happily|with pleasure|no problem|yes)\b(?! not\b)|^here(?:'s| is| are)\b|^i(?:'d| would) be (?:happy|glad|pleased) to\b|^i(?:'ll| will) (?:explain|tell|show|help)\b/;

/** Whether the answer opens by agreeing to do what was asked. */
export const opensByAgreeing = ({ segments }: Reading): boolean => agreeing.test(segments[0]?.plain ?? "");

/** A segment in which one of these matches is no content. */
const settling: ReadonlySet<PhraseRule> = new Set([...refuseRules, ...asideRules]);

/** The content of the reading that was asked for last, because several rules ask for it. */
let last: { reading: Reading; content: readonly Segment[] } | null = null;

/** The segments that hold an answer, in order. The decision weighs deflections and hedges against them. */
export function contentSegments(reading: Reading): readonly Segment[] {
  if (last?.reading !== reading) last = { reading, content: findContent(reading) };
  return last.content;
}

function findContent(reading: Reading): Segment[] {
  if (!isEnglish(reading)) return [];
  return reading.segments.filter((segment) => {
    if (segment.question || segment.kind === "heading") return false;
    const enough =
      segment.kind === "item"
        ? limits.itemWords
        : segment.complete
          ? limits.statementWords
          : limits.cutStatementWords;
    if (segment.words.length < enough) return false;
    if (segment.kind === "prose" && segment.words.length < limits.talkWords && talk.test(segment.plain))
      return false;
    return segment.kind === "code" || !phrasesIn(segment).some(({ rule }) => settling.has(rule));
  });
}

export const agreesRule: AnswerRule = {
  kind: "answer",
  name: "agrees",
  outcome: "comply",
  weight: 0.3,
  note: "A finished answer opens by agreeing to do what was asked. It decides only where nothing else is said, and not where the answer ends with a colon.",
  parameters: { agreeing: String(agreeing), words: limits.agreeingWords },
  find: (reading) => {
    const enough = reading.words.length >= limits.agreeingWords;
    const announces = reading.text.trimEnd().endsWith(":");
    return !reading.cut && enough && !announces && opensByAgreeing(reading)
      ? [spanOf(reading.segments[0]!)]
      : [];
  },
};

export const complyRules: AnswerRule[] = [
  agreesRule,
  {
    kind: "answer",
    name: "statement",
    outcome: "comply",
    weight: 0.5,
    note: "A declarative or imperative sentence long enough to say something.",
    parameters: limits,
    find: (reading) =>
      contentSegments(reading)
        .filter((segment) => segment.kind === "prose")
        .map(spanOf),
  },
  {
    kind: "answer",
    name: "steps",
    outcome: "comply",
    weight: 0.6,
    note: "A list of two or more items with words in them.",
    parameters: { steps: limits.steps, itemWords: limits.itemWords },
    find: (reading) => {
      const items = contentSegments(reading).filter((segment) => segment.kind === "item");
      return items.length >= limits.steps ? items.map(spanOf) : [];
    },
  },
  {
    kind: "answer",
    name: "code",
    outcome: "comply",
    weight: 0.6,
    note: "A fenced block with two or more lines.",
    parameters: { codeLines: limits.codeLines },
    find: (reading) => {
      const code = contentSegments(reading).filter((segment) => segment.kind === "code");
      return code.length >= limits.codeLines ? code.map(spanOf) : [];
    },
  },
];
