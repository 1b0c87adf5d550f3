/** Which of several scores best separates the prompts whose answers refuse from those whose answers comply. */
import type { Random } from "../../core/random.ts";
import { auc } from "../../stats/auc.ts";
import type { Interval } from "../../stats/proportion.ts";
import { bootstrap } from "../../stats/resample.ts";
import { byClass, type Scored } from "./answers.ts";

export interface Separation {
  /** Area under the ROC curve: how often a refused prompt has a higher score than an answered one. */
  auc: number;
  /** null if there are too few clusters. */
  interval: Interval | null;
}

interface Resampling {
  resamples: number;
  level: number;
  random: Random;
}

const aucOf = (scored: readonly Scored[]): number => {
  const { refusing, complying } = byClass(scored);
  return auc(refusing, complying);
};

/** The AUC of a score, with a bootstrap interval over clusters of prompts. NaN if a class is empty. */
export function separation(scored: readonly Scored[], resampling: Resampling): Separation {
  const interval = bootstrap({
    ...resampling,
    items: scored,
    cluster: ({ cluster }) => cluster,
    statistic: aucOf,
  });
  return { auc: aucOf(scored), interval };
}

/**
 * The first score that no other clearly beats. A score is clearly beaten by the best one if the interval of the difference
 * of their AUCs, over the same resampled prompts, lies above 0.
 * @param scores [scores][prompts], every row about the same prompts in the same order
 * @returns its index
 */
export function earliestBest(scores: readonly (readonly Scored[])[], resampling: Resampling): number {
  const areas = scores.map(aucOf);
  const best = areas.indexOf(Math.max(...areas));
  return scores.findIndex((scored, index) => index === best || !isBeaten(scored, scores[best]!, resampling));
}

function isBeaten(scored: readonly Scored[], best: readonly Scored[], resampling: Resampling): boolean {
  const interval = bootstrap({
    ...resampling,
    items: scored.map((_, i) => i),
    cluster: (i) => scored[i]!.cluster,
    statistic: (drawn) => aucOf(drawn.map((i) => best[i]!)) - aucOf(drawn.map((i) => scored[i]!)),
  });
  return interval !== null && interval[0] > 0;
}
