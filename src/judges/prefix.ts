/** An answer at a token cap is the text of its first `cap` tokens. Every judge reads such a prefix, and nothing after it. */
import { badInput } from "../core/errors.ts";
import type { Observation } from "../core/records/observation.ts";
import type { JudgedAnswer } from "./judge.ts";
import type { Evidence } from "./rules/evidence.ts";

export interface CappedAnswer {
  text: string;
  /** [tokens]: how many UTF-16 units of `text` are complete after token i; never decreases. */
  tokenEnds: readonly number[];
  finish: Observation["finish"];
  /** How many tokens to judge, at least 1. */
  cap: number;
}

/** @throws FathomError if the cap is not a positive integer, or if the token ends do not fit the text */
export function prefixAt({ text, tokenEnds, finish, cap }: CappedAnswer): Omit<JudgedAnswer, "prompt"> {
  check(text, tokenEnds, cap);
  const tokens = Math.min(cap, tokenEnds.length);
  const cut = tokens < tokenEnds.length || finish !== "stop";
  const whole = tokens === tokenEnds.length && !cut;
  return { text: whole ? text : text.slice(0, tokenEnds[tokens - 1] ?? 0), cut, tokens };
}

/** @returns the index of the first token at which a refusal is visible; null if no evidence is of a refusal */
export function refusalToken(
  evidence: readonly Evidence[],
  tokenEnds: readonly number[],
  tokens: number,
): number | null {
  const refusals = evidence.filter(({ outcome }) => outcome === "refuse");
  const first = Math.min(...refusals.map(({ end }) => end));
  const token = tokenEnds.slice(0, tokens).findIndex((end) => end >= first);
  return token === -1 ? null : token;
}
function check(text: string, tokenEnds: readonly number[], cap: number): void {
  if (!Number.isInteger(cap) || cap < 1) throw badInput("judge: cap", "a positive integer", String(cap));
  let before = 0;
  for (let i = 0; i < tokenEnds.length; i++) {
    const end = tokenEnds[i]!;
    if (Number.isInteger(end) && end >= before && end <= text.length) before = end;
    else
      throw badInput(
        `judge: text_ends[${i}]`,
        `an integer in [${before}, ${text.length}], the text's length`,
        String(end),
        "the record may have been edited; run the observation again",
      );
  }
}
