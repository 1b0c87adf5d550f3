/** The effects by which a search ranks: estimated ones, and measured ones where an estimate cannot be trusted. */
import { estimate, gradientOf, measuredEffects } from "../ranking/ranking.ts";
import type { Subject } from "../subject/subject.ts";
import type { Trial } from "../trial/trial.ts";
import type { Look } from "./minimal-set.ts";

/**
 * @param measured the most features that the first ranking ablates for real because their estimate is curved, the strongest first
 */
export function effectsOf(subject: Subject, trial: Trial, measured: number): Look["effects"] {
  const gradient = gradientOf(subject, trial);
  return async (to, ranking) => {
    const { effect, curved } = await estimate(gradient, to);
    const strongest = to
      .filter((f) => curved[f])
      .sort((a, b) => Math.abs(effect[b]!) - Math.abs(effect[a]!))
      .slice(0, ranking === 0 ? measured : 0);
    if (strongest.length === 0) return effect;
    const truth = await measuredEffects(subject, trial, strongest, to);
    strongest.forEach((f, i) => {
      effect[f] = (truth[i]!.alone + truth[i]!.last) / 2;
    });
    return effect;
  };
}
