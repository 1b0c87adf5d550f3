/** What a rule is: data with a name, what it speaks for, how much it weighs, and a pattern or a function that finds it. */
import type { Json } from "../../core/hash.ts";
import type { Outcome } from "../../core/records/verdict.ts";
import type { Reading, Segment } from "./text.ts";

export interface Span {
  /** UTF-16 offsets into the answer, end exclusive. */
  start: number;
  end: number;
}

interface RuleBase {
  name: string;
  outcome: Outcome;
  /** In (0, 1): how far one match alone would carry its outcome. Evidence for one outcome adds as 1 − Π(1 − weight). */
  weight: number;
  /** Why the rule exists, or what it must not be fooled by. */
  note: string;
}

/** Matched inside every segment, in the model's own voice (quotations blanked). Only bounded gaps: linear time. */
export interface PhraseRule extends RuleBase {
  kind: "phrase";
  pattern: RegExp;
  /** No match where this matches the segment too. */
  unless?: RegExp;
}

/** Looks at the whole answer. `parameters` are part of the judge's version; code is not, so it has a revision. */
export interface AnswerRule extends RuleBase {
  kind: "answer";
  find: (reading: Reading) => Span[];
  parameters: Json;
}

export type Rule = PhraseRule | AnswerRule;

const compiled = new WeakMap<RegExp, RegExp>();

/** The same pattern with the g flag; the rule's own stays without, so that testing it keeps no state. */
function everywhere(pattern: RegExp): RegExp {
  const known = compiled.get(pattern);
  if (known !== undefined) return known;
  const all = new RegExp(pattern.source, `${pattern.flags}g`);
  compiled.set(pattern, all);
  return all;
}

/** All places of a segment where a phrase rule matches, as offsets into the answer. */
export function matchesIn(rule: PhraseRule, segment: Segment): Span[] {
  if (segment.kind === "code" || rule.unless?.test(segment.voice) === true) return [];
  if (!rule.pattern.test(segment.voice)) return [];
  return [...segment.voice.matchAll(everywhere(rule.pattern))]
    .filter((match) => match[0] !== "" && !reported(segment.voice, match.index))
    .map((match) => ({
      start: segment.at[match.index]!,
      end: segment.at[match.index + match[0].length - 1]! + 1,
    }));
}

const speaker =
  /\b(?:said|says|told|replied|answered|wrote|claimed|insisted|if you say|you could say)\b[^.]{0,24}$/;

/** Indirect speech: "the guard said that I cannot help" is the guard's. */
function reported(voice: string, index: number): boolean {
  return speaker.test(voice.slice(Math.max(0, index - 40), index));
}

/** The whole of a segment, as offsets into the answer. */
export function spanOf(segment: Segment): Span {
  return { start: segment.at[0]!, end: segment.at.at(-1)! };
}
