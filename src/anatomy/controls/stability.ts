/** How much a found set depends on the prompts that were used: how often each member is found again on resampled ones. */
import type { Random } from "../../core/random.ts";
import { groupBy } from "../../stats/group.ts";
import { mean } from "../../stats/summary.ts";
import { effectsOf } from "../minimal/effects.ts";
import { minimalSet } from "../minimal/minimal-set.ts";
import { shareOfCeiling } from "../minimal/take-apart.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { flipsByScore, scoresOf, type Trial } from "../trial/trial.ts";

export interface Stability {
  /** Candidate → share of the resamples in which the search finds it. Candidates that are never found are absent. */
  chosen: ReadonlyMap<number, number>;
  /** Mean overlap (Jaccard) of a resample's set with the set in question. */
  overlap: number;
  /** Resamples on which the search found a set. */
  resamples: number;
}

/**
 * Repeats the search by score on resamples of whole clusters. Where several minimal sets exist, the resamples may find different ones.
 * @param set the set that all prompts together gave
 */
export async function stability(
  subject: Subject,
  trial: Pick<Trial, "prompts" | "around" | "boundary">,
  { universe, set }: { universe: FeatureSet; set: FeatureSet },
  search: { decoderCosine: Float64Array | null; measured: number; resamples: number; random: Random },
): Promise<Stability> {
  const clusters = [...groupBy(trial.prompts, (prompt) => subject.prompts[prompt]!.cluster).values()];
  const random = search.random.split("stability");
  const counts = new Map<number, number>();
  const overlaps: number[] = [];
  for (let b = 0; b < search.resamples; b++) {
    const prompts = clusters.flatMap(() => clusters[random.integer(clusters.length)]!);
    const [ceiling] = await scoresOf(subject, { ...trial, prompts }, [universe]);
    const below = ceiling!.filter((score) => score < trial.boundary).length;
    const resampled = { ...trial, prompts, needed: Math.max(1, Math.ceil(shareOfCeiling * below)) };
    const found = await minimalSet(universe, {
      flips: flipsByScore(subject, resampled),
      effects: effectsOf(subject, resampled, search.measured),
      decoderCosine: search.decoderCosine,
    });
    if (found === null) continue;
    for (const f of found.features) counts.set(f, (counts.get(f) ?? 0) + 1);
    overlaps.push(jaccard(found.features, set));
  }
  return {
    chosen: new Map([...counts].map(([f, times]) => [f, times / overlaps.length])),
    overlap: overlaps.length === 0 ? NaN : mean(overlaps),
    resamples: overlaps.length,
  };
}

function jaccard(a: FeatureSet, b: FeatureSet): number {
  const shared = a.filter((f) => b.includes(f)).length;
  return shared / (a.length + b.length - shared);
}
