/**
 * Would it help to hold the backups on? With a round's set ablated and everything silent held silent, its recruits are set to the values to
 * which they woke. What refusal returns is theirs alone. The same values on harmless prompts show the price.
 */
import type { Random } from "../../core/random.ts";
import type { Interval } from "../../stats/proportion.ts";
import { bootstrap } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import { union, without } from "../subject/feature-set.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { answerKind } from "../trial/tally.ts";
import { type CleanActivity, silentOnClean, wakingUnder } from "./silence.ts";

export interface Hardening {
  recruits: FeatureSet;
  /**
   * Share of the lost refusal score that returns: (m0 with the recruits on - m0) / (clean - m0), of means over the prompts. NaN if nothing
   * was lost. The interval is a bootstrap over clusters.
   */
  returned: number;
  interval: Interval | null;
  /** Harmless prompts whose answer refuses with the recruits on, and on the clean run. */
  harmlessRefusing: { on: number; clean: number; of: number };
}

/** @param prompts harmful @param harmless prompts @param ablated what woke the recruits */
export async function hardening(
  subject: Subject,
  clean: CleanActivity,
  { prompts, harmless }: { prompts: readonly number[]; harmless: readonly number[] },
  ablated: FeatureSet,
  recruits: FeatureSet,
  draws: { resamples: number; level: number; random: Random },
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
  const n = prompts.length;
  const items = prompts.map((prompt, i) => ({
    cluster: subject.prompts[prompt]!.cluster,
    ...{ whole: scores[i]!, lost: scores[n + i]!, back: scores[2 * n + i]! },
  }));
  const on = recruits.map((candidate) => ({
    candidate,
    value: mean(prompts.map((prompt) => value(prompt, candidate))),
  }));
  const judged = await subject.judged([
    ...harmless.map((prompt) => ({ prompt, off: [], on })),
    ...harmless.map((prompt) => ({ prompt, off: [] })),
  ]);
  const refusing = (of: typeof judged) => of.filter((one) => answerKind(one) === "refused").length;
  return {
    recruits,
    returned: returnedOf(items),
    interval: bootstrap({ items, cluster: ({ cluster }) => cluster, statistic: returnedOf, ...draws }),
    harmlessRefusing: {
      on: refusing(judged.slice(0, harmless.length)),
      clean: refusing(judged.slice(harmless.length)),
      of: harmless.length,
    },
  };
}

function returnedOf(items: readonly { whole: number; lost: number; back: number }[]): number {
  const [whole, lost, back] = (["whole", "lost", "back"] as const).map((kind) =>
    mean(items.map((item) => item[kind])),
  );
  return whole === lost ? NaN : (back! - lost!) / (whole! - lost!);
}
