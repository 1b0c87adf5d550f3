/** The type of a rule: data with a name, an outcome, a weight, and a pattern or function that finds it. */
import type { Json } from "../../core/hash.ts";
import type { Outcome } from "../../core/records/verdict.ts";
import { alternativesOf } from "./needles.ts";
import { sieveOf } from "./sieve.ts";
import type { Reading, Segment, Word } from "./text.ts";

export interface Span {
  /** UTF-16 offsets into the answer: `start` is included, `end` is not. */
  start: number;
  end: number;
}

interface RuleBase {
  name: string;
  outcome: Outcome;
  /** In (0, 1): the strength of one match alone. Several matches for one outcome combine as 1 − Π(1 − weight). */
  weight: number;
  /** Why the rule exists, or what must not mislead it. */
  note: string;
}

/**
 * A pattern for the model's own words in each segment (quotations are blanked). Gaps are bounded, so matching takes
 * linear time.
 */
export interface PhraseRule extends RuleBase {
  kind: "phrase";
  pattern: RegExp;
  /** If this matches the segment, the rule does not. */
  unless?: RegExp;
}

/**
 * A rule that reads the whole answer. `parameters` are part of the judge's version. Code is not, so the version has a
 * revision number.
 */
export interface AnswerRule extends RuleBase {
  kind: "answer";
  find: (reading: Reading) => Span[];
  parameters: Json;
}

export type Rule = PhraseRule | AnswerRule;

/** A rule that matched in a segment. */
export interface Hit {
  rule: PhraseRule;
  /** At least one, as offsets into the answer. */
  spans: readonly Span[];
}

/** All matches of phrase rules in a segment. A segment that was seen before is not searched again. */
export function finderOf(rules: readonly PhraseRule[]): (segment: Segment) => readonly Hit[] {
  const searches = rules.map((rule) => ({ rule, whole: new RegExp(rule.pattern, "g") }));
  const alternatives = searches.flatMap((search) =>
    alternativesOf(search.rule.pattern).map((one) => ({ search, one, alone: new RegExp(one, "g") })),
  );
  const possible = sieveOf(alternatives.map(({ one }) => one));
  const known = new WeakMap<Segment, readonly Hit[]>();
  return (segment) => {
    if (segment.kind === "code") return [];
    const before = known.get(segment);
    if (before !== undefined) return before;
    const hits: Hit[] = [];
    const found = possible(segment.voice);
    for (let k = 0; k < found.length; k++) {
      const { search, alone } = alternatives[found[k]!]!;
      let pattern = alone;
      for (; alternatives[found[k + 1]!]?.search === search; k++) pattern = search.whole;
      const spans = findSpans(pattern, segment);
      if (spans.length > 0 && search.rule.unless?.test(segment.voice) !== true)
        hits.push({ rule: search.rule, spans });
    }
    known.set(segment, hits);
    return hits;
  };
}

const none: readonly Span[] = [];

/** @param pattern with the flag g; it keeps no state between two searches */
function findSpans(pattern: RegExp, { voice, at }: Segment): readonly Span[] {
  let match = pattern.exec(voice);
  if (match === null) return none;
  const spans: Span[] = [];
  for (; match !== null; match = pattern.exec(voice)) {
    const { 0: found, index } = match;
    if (found === "") pattern.lastIndex++;
    else if (!reported(voice, index))
      spans.push({ start: at[index]!, end: at[index + found.length - 1]! + 1 });
  }
  return spans;
}

const speaker =
  /\b(?:said|says|told|replied|answered|wrote|claimed|insisted|if you say|you could say)\b[^.]{0,24}$/;

/** Whether a match is indirect speech: in "the guard said that I cannot help" the guard speaks, not the model. */
function reported(voice: string, index: number): boolean {
  return speaker.test(voice.slice(Math.max(0, index - 40), index));
}

/** The whole of a segment, as offsets into the answer. */
export function spanOf(segment: Segment): Span {
  return { start: segment.at[0]!, end: segment.at.at(-1)! };
}

/** From one word to another, `to` not included; an empty list if there are no words. */
export function spanOfWords(words: readonly Word[], from = 0, to = words.length): Span[] {
  return words.length === 0 ? [] : [{ start: words[from]!.start, end: words[to - 1]!.end }];
}
