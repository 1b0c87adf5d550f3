/**
 * Repair: how much refusal comes back because silent features wake. m(S) is the refusal score with S ablated, m0(S) the same with everything
 * that was silent on the clean run held silent, and repair is m - m0. A smaller residual is scaled up by the final norm, which repairs
 * without any feature; so both are also measured with the norm's scale of the clean run.
 */
import type { Random } from "../../core/random.ts";
import type { Interval } from "../../stats/proportion.ts";
import { bootstrap } from "../../stats/resample.ts";
import { signFlipTest } from "../../stats/sign-flip.ts";
import { mean } from "../../stats/summary.ts";
import { clusterMeans } from "../subject/clusters.ts";
import { union, without } from "../subject/feature-set.ts";
import type { Ask, FeatureSet, Subject } from "../subject/subject.ts";
import { type CleanActivity, silentOnClean, type Waking, wakingOf } from "./silence.ts";

export interface Repair {
  ablated: FeatureSet;
  /** [prompts], log-odds. */
  free: Float64Array;
  /** [prompts], log-odds, with the candidates that were silent on the clean run held silent. */
  held: Float64Array;
  /** Of free - held. */
  repair: MeanRepair;
  /** One-sided sign-flip test over clusters that it is above 0. */
  p: number;
  /** The same difference with the final norm's scale of the clean run. */
  repairAtCleanNorm: MeanRepair;
  waking: Waking;
}

/** A mean over the prompts, its interval by a bootstrap over clusters (null below two). */
export interface MeanRepair {
  mean: number;
  interval: Interval | null;
}

/** @param sets what is ablated, set by set; the empty set is the clean run, whose repair is 0 */
export async function repairs(
  subject: Subject,
  clean: CleanActivity,
  prompts: readonly number[],
  sets: readonly FeatureSet[],
  draws: { resamples: number; level: number; random: Random },
): Promise<Repair[]> {
  const kinds = (["own", "clean"] as const).flatMap((finalNorm) => [
    { finalNorm, held: false },
    { finalNorm, held: true },
  ]);
  const asks = sets.flatMap((set) =>
    kinds.flatMap(({ finalNorm, held }) =>
      prompts.map((prompt): Ask => {
        const off = held ? union(set, without(silentOnClean(clean, prompt), set)) : set;
        return { prompt, off, finalNorm };
      }),
    ),
  );
  const scores = await subject.scores(asks);
  const activity = await subject.activity(sets.flatMap((off) => prompts.map((prompt) => ({ prompt, off }))));
  return sets.map((ablated, s) => {
    const [free, held, freeAtClean, heldAtClean] = kinds.map((_, k) => {
      const from = (s * kinds.length + k) * prompts.length;
      return scores.slice(from, from + prompts.length);
    });
    const repaired = (of: Float64Array, less: Float64Array) => prompts.map((_, i) => of[i]! - less[i]!);
    const repair = repaired(free!, held!);
    const averaged = (values: readonly number[], name: string): MeanRepair => ({
      mean: mean(values),
      interval: bootstrap({
        items: prompts.map((prompt, i) => ({ prompt, value: values[i]! })),
        cluster: ({ prompt }) => subject.prompts[prompt]!.cluster,
        statistic: (items) => mean(items.map(({ value }) => value)),
        ...draws,
        random: draws.random.split(`${name} ${s}`),
      }),
    });
    return {
      ablated,
      free: free!,
      held: held!,
      repair: averaged(repair, "own norm"),
      p: signFlipTest(clusterMeans(subject, prompts, repair), {
        resamples: draws.resamples,
        random: draws.random.split(`above ${s}`),
      }),
      repairAtCleanNorm: averaged(repaired(freeAtClean!, heldAtClean!), "clean norm"),
      waking: wakingOf(clean, prompts, activity.slice(s * prompts.length, (s + 1) * prompts.length), ablated),
    };
  });
}
