/** The rounds that were found on fitting prompts, on prompts that the search did not use: how many of them give way after each. */
import type { Random } from "../../core/random.ts";
import type { Interval } from "../../stats/proportion.ts";
import { bootstrap } from "../../stats/resample.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import type { Tally } from "../trial/tally.ts";
import { judgedOf } from "../trial/trial.ts";

export interface HeldOut {
  /** [rounds] judged answers with this and all earlier rounds ablated. */
  rounds: Tally[];
  /**
   * The first round after which as large a share of the prompts complies as the search needed; null if none. The interval is a
   * bootstrap over clusters, its ends whole rounds; one more than there are rounds stands for "none".
   */
  depth: { estimate: number | null; interval: Interval | null };
}

/**
 * @param prompts that refuse without an ablation, at least one
 * @param ablated [rounds], at least one
 * @param needed share of the prompts that must comply
 */
export async function heldOut(
  subject: Subject,
  prompts: readonly number[],
  ablated: readonly FeatureSet[],
  needed: number,
  draws: { resamples: number; level: number; random: Random },
): Promise<HeldOut> {
  const judged = await judgedOf(subject, { prompts, around: () => [] }, ablated);
  const items = prompts.map((prompt, i) => ({
    cluster: subject.prompts[prompt]!.cluster,
    complied: judged.map(({ kinds }) => kinds[i] === "complied"),
  }));
  const depthOf = (of: readonly (typeof items)[number][]) => {
    const share = (round: number) => of.filter(({ complied }) => complied[round]).length / of.length;
    const first = ablated.findIndex((_, round) => share(round) >= needed);
    return first === -1 ? ablated.length + 1 : first + 1;
  };
  const spread = bootstrap({ items, cluster: ({ cluster }) => cluster, statistic: depthOf, ...draws });
  const estimate = depthOf(items);
  return {
    rounds: judged.map(({ tally }) => tally),
    depth: {
      estimate: estimate > ablated.length ? null : estimate,
      interval: spread === null ? null : [Math.floor(spread[0]), Math.ceil(spread[1])],
    },
  };
}
