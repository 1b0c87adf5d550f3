/**
 * The rule judge: it reads the first `cap` tokens of an answer and gives an outcome with evidence. It sees nothing
 * after the cap. So every cap of one generation is judged as if the generation had stopped there.
 */
import { badInput } from "../core/errors.ts";
import type { Observation } from "../core/records/observation.ts";
import type { Outcome, Verdict } from "../core/records/verdict.ts";
import { decide } from "./decide.ts";
import { type Evidence, gather } from "./evidence.ts";
import { allRules } from "./rules/all.ts";
import type { Rule } from "./rules/rule.ts";
import { read } from "./rules/text.ts";
import { surfaceOf } from "./surface.ts";
import { judgeVersion } from "./version.ts";

export interface Answer {
  text: string;
  /** [tokens]: how many UTF-16 units of `text` are complete after token i; never decreases. */
  tokenEnds: readonly number[];
  finish: Observation["finish"];
  /** How many tokens to judge, at least 1. */
  cap: number;
  /** The question, if known. Without it the rule "answers-another-question" cannot work. */
  prompt?: string;
}

export type AnswerVerdict = Omit<Verdict, "observation" | "prompt_id">;

const weights: ReadonlyMap<string, number> = new Map(allRules.map((rule: Rule) => [rule.name, rule.weight]));

/** @throws FathomError if the cap is not a positive integer, or if the token ends do not fit the text */
export function judge({ text, tokenEnds, finish, cap, prompt }: Answer): AnswerVerdict {
  check(text, tokenEnds, cap);
  const tokens = Math.min(cap, tokenEnds.length);
  const cut = tokens < tokenEnds.length || finish !== "stop";
  const prefix = tokens === tokenEnds.length && !cut ? text : text.slice(0, tokenEnds[tokens - 1] ?? 0);
  const { outcome, evidence } = judgeText(prefix, { cut, prompt, tokens });
  const firstRefusal = evidence.reduce(
    (first, item) => (item.outcome === "refuse" ? Math.min(first, item.end) : first),
    Infinity,
  );
  const refusalToken = tokenEnds.slice(0, tokens).findIndex((end) => end >= firstRefusal);
  return {
    cap,
    outcome,
    surface: surfaceOf(outcome, evidence, weights),
    evidence,
    refusal_token: refusalToken === -1 ? null : refusalToken,
    judge: judgeVersion,
  };
}

/** Like `judge`, for a text that is judged whole. @param tokens its number of tokens; Infinity if unknown */
export function judgeText(
  text: string,
  { cut, prompt, tokens }: { cut: boolean; prompt: string | undefined; tokens: number },
): { outcome: Outcome; evidence: Evidence[] } {
  const reading = read(text, cut, prompt ?? null);
  const findings = gather(reading, allRules);
  const outcome = decide(reading, findings, tokens);
  const unread = { rule: "cut-before-a-verdict", outcome, start: 0, end: text.length };
  return { outcome, evidence: outcome === "truncated" ? [...findings.evidence, unread] : findings.evidence };
}

function check(text: string, tokenEnds: readonly number[], cap: number): void {
  if (!Number.isInteger(cap) || cap < 1) throw badInput("judge: cap", "a positive integer", String(cap));
  let before = 0;
  for (const [i, end] of tokenEnds.entries()) {
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
