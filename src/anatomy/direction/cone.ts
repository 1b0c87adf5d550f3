/**
 * Whether refusal is a cone: every positive combination of several orthogonal directions is itself a direction whose ablation
 * bypasses refusal (Wollschläger et al., arXiv 2502.17420). Samples of the combinations are ablated one by one.
 */
import { type Interval, wilson } from "../../stats/proportion.ts";
import { quantile } from "../../stats/summary.ts";

export interface ConeTest {
  dimensions: number;
  samples: number;
  /** How many samples bypass: they lower the mean score to the boundary or below, and by more than random directions do. */
  bypassing: number;
  /** Wilson's interval of their share. */
  interval: Interval;
}

/**
 * @param scores [samples] mean score of harmful prompts while a sample is ablated
 * @param against the boundary of the score, and the mean scores while each random direction is ablated
 */
export function coneTest(
  dimensions: number,
  scores: readonly number[],
  against: { boundary: number; random: readonly number[] },
  level: number,
): ConeTest {
  const lowest = quantile(against.random, 1 - level);
  const bypassing = scores.filter((score) => score <= against.boundary && score < lowest).length;
  return {
    ...{ dimensions, samples: scores.length, bypassing },
    interval: wilson(bypassing, scores.length, level),
  };
}
