/**
 * Would it help to hold the backups on? With a round's set ablated and everything silent held silent, its recruits are set to the values to
 * which they woke. What refusal returns is theirs alone. The same values on harmless prompts show the price.
 */
import { mean } from "../../stats/summary.ts";
import { union, without } from "../subject/feature-set.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { answerKind } from "../trial/tally.ts";
import { type CleanActivity, silentOnClean, wakingUnder } from "./silence.ts";

export interface Hardening {
  recruits: FeatureSet;
  /**
   * Share of the lost refusal score that returns: (m0 with the recruits on - m0) / (clean - m0), of means over the prompts. NaN if nothing
   * was lost.
   */
  returned: number;
  /** Share of harmless prompts whose answer refuses with the recruits on, and on the clean run. */
  harmlessRefusing: { on: number; clean: number };
}

/** @param prompts harmful @param harmless prompts @param ablated what woke the recruits */
export async function hardening(
  subject: Subject,
  clean: CleanActivity,
  { prompts, harmless }: { prompts: readonly number[]; harmless: readonly number[] },
  ablated: FeatureSet,
  recruits: FeatureSet,
): Promise<Hardening> {
  const { woken } = await wakingUnder(subject, clean, prompts, ablated);
  const held = (prompt: number) => union(ablated, without(silentOnClean(clean, prompt), ablated));
  const value = (prompt: number, candidate: number) => woken(prompt).get(candidate) ?? 0;
  const asks = [
    ...prompts.map((prompt) => ({ prompt, off: [] })),
    ...prompts.map((prompt) => ({ prompt, off: held(prompt) })),
    ...prompts.map((prompt) => ({
      prompt,
      off: without(held(prompt), recruits),
      on: recruits.map((candidate) => ({ candidate, value: value(prompt, candidate) })),
    })),
  ];
  const scores = await subject.scores(asks);
  const [whole, lost, back] = [0, 1, 2].map((kind) =>
    mean([...scores.slice(kind * prompts.length, (kind + 1) * prompts.length)]),
  );
  const on = recruits.map((candidate) => ({
    candidate,
    value: mean(prompts.map((prompt) => value(prompt, candidate))),
  }));
  const judged = await subject.judged([
    ...harmless.map((prompt) => ({ prompt, off: [], on })),
    ...harmless.map((prompt) => ({ prompt, off: [] })),
  ]);
  const refusing = judged.map((judgement) => (answerKind(judgement) === "refused" ? 1 : 0));
  return {
    recruits,
    returned: whole === lost ? NaN : (back! - lost!) / (whole! - lost!),
    harmlessRefusing: {
      on: mean(refusing.slice(0, harmless.length)),
      clean: mean(refusing.slice(harmless.length)),
    },
  };
}
