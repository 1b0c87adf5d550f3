/**
 * The published filter (Prakash et al. 2025, arXiv 2509.09708, stage 2), to compare with. Its set need not flip, nor be minimal.
 *
 * Candidates are ablated in blocks of five on top of what was kept so far. A block is kept if it lowers the probability of refusal by at
 * least the share `tau`. This is done in three orders, and the kept sets are intersected. The paper does not state the orders; ours are
 * those of the ranking, its reverse, and a random one.
 */
import type { Random } from "../../core/random.ts";
import { setOf, union } from "../subject/feature-set.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { scoresOf, type Trial } from "../trial/trial.ts";

const blockSize = 5;

/** @param ranking candidates, best first */
export function filterOrders(ranking: readonly number[], random: Random): (readonly number[])[] {
  return [ranking, [...ranking].reverse(), random.split("greedy filter").shuffle(ranking)];
}

/** @param orders of the same candidates @param tau share in [0, 1]; the paper sweeps 0.1 to 0.8 */
export async function greedyFilter(
  subject: Subject,
  runs: Pick<Trial, "prompts" | "around">,
  orders: readonly (readonly number[])[],
  tau: number,
): Promise<FeatureSet> {
  const kept: FeatureSet[] = [];
  for (const order of orders) kept.push(await oneOrder(subject, runs, order, tau));
  return kept[0]!.filter((f) => kept.every((set) => set.includes(f)));
}

async function oneOrder(
  subject: Subject,
  runs: Pick<Trial, "prompts" | "around">,
  order: readonly number[],
  tau: number,
): Promise<FeatureSet> {
  let kept: FeatureSet = [];
  let before = await meanProbability(subject, runs, kept);
  for (let at = 0; at < order.length; at += blockSize) {
    const wider = union(kept, setOf(order.slice(at, at + blockSize)));
    const after = await meanProbability(subject, runs, wider);
    // Where nothing is left to lower, before and after may both be 0.
    if (!((before - after) / before >= tau)) continue;
    kept = wider;
    before = after;
  }
  return kept;
}

/** The mean over the prompts of the probability whose log-odds the score is. */
async function meanProbability(
  subject: Subject,
  runs: Pick<Trial, "prompts" | "around">,
  set: FeatureSet,
): Promise<number> {
  const [scores] = await scoresOf(subject, runs, [set]);
  return scores!.reduce((sum, score) => sum + 1 / (1 + Math.exp(-score)), 0) / scores!.length;
}
