/**
 * Repair: how much refusal comes back because silent features wake. m(S) is the refusal score with S ablated, m0(S) the same with everything
 * that was silent on the clean run held silent, and repair is m - m0. A smaller residual is scaled up by the final norm, which repairs
 * without any feature; so both are also measured with the norm's scale of the clean run.
 */
import type { Random } from "../../core/random.ts";
import type { Interval } from "../../stats/proportion.ts";
import { bootstrap } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import { union, without } from "../subject/feature-set.ts";
import type { Ask, FeatureSet, Subject } from "../subject/subject.ts";
import { type CleanActivity, silentOnClean, type Waking, wakingOf } from "./silence.ts";

export interface Repair {
  ablated: FeatureSet;
  /** [prompts], log-odds. */
  free: Float64Array;
  /** [prompts], log-odds, with the candidates that were silent on the clean run held silent. */
  held: Float64Array;
  /** Mean of free - held over the prompts, its interval by a bootstrap over clusters (null below two). */
  repair: { mean: number; interval: Interval | null };
  /** The mean repair with the final norm's scale of the clean run. */
  repairAtCleanNorm: number;
  waking: Waking;
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
    const differences = prompts.map((prompt, i) => ({ prompt, value: free![i]! - held![i]! }));
    return {
      ablated,
      free: free!,
      held: held!,
      repair: {
        mean: mean(differences.map(({ value }) => value)),
        interval: bootstrap({
          items: differences,
          cluster: ({ prompt }) => subject.prompts[prompt]!.cluster,
          statistic: (items) => mean(items.map(({ value }) => value)),
          ...draws,
        }),
      },
      repairAtCleanNorm: mean(prompts.map((_, i) => freeAtClean![i]! - heldAtClean![i]!)),
      waking: wakingOf(clean, prompts, activity.slice(s * prompts.length, (s + 1) * prompts.length), ablated),
    };
  });
}
