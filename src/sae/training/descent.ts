/** The steps of a training run, from its start or from a kept state. training.ts prepares and finishes the run. */

import type { Random } from "../../core/random.ts";
import type { SessionOptions } from "../../model/ort/session.ts";
import { pickRows, type Rows } from "../code/rows.ts";
import { LossSession } from "./loss/loss-session.ts";
import type { LossTerm, Objective } from "./objectives/objective.ts";
import { peakRate, schedule, type TrainingPlan } from "./state/training-plan.ts";
import { type CurvePoint, type Keeping, mostPoints, type TrainingState } from "./state/training-state.ts";
import { endlessBatches } from "./training-rows.ts";
import { Updates } from "./update/updates.ts";

/** Adam's usual β. ε is the value of Gao et al.; it is small because the gradients of SAEs are small. */
const moments = { beta1: 0.9, beta2: 0.999, epsilon: 6.25e-10 };

export interface TrainingProgress extends CurvePoint {
  steps: number;
  /** Tokens processed so far. */
  tokens: number;
}

interface TrainingData {
  rows: Rows;
  /** Indices of the rows that are trained on. */
  kept: Int32Array;
  /** The factor on the rows. */
  scale: number;
  /** V of the loss, for the scaled rows. */
  variance: number;
}

/** Runs gradient descent on the state's weights, in place. */
export async function descend(
  { rows, kept, scale, variance }: TrainingData,
  objective: Objective,
  state: TrainingState,
  plan: TrainingPlan,
  draw: Random,
  onStep: (progress: TrainingProgress) => void,
  options: SessionOptions,
  keeping: Keeping | null,
  more: readonly LossTerm[] = [],
): Promise<void> {
  const { d_sae, steps, batch } = plan;
  const { weights, silence } = state;
  const d_in = rows.width;
  const loss = new LossSession({ d_in, d_sae }, objective, more, options);
  const updates = new Updates(state, objective, { d_in, d_sae }, moments, options.threads);
  try {
    const deadAfter = plan.deadAfterTokens ?? kept.length;
    const batches = endlessBatches(kept, batch, draw);
    // The seed decides the order of the rows. A resumed run draws the past batches again, so it continues in the same
    // order.
    for (let step = 0; step < state.adam.steps; step++) batches.next();
    const pointEvery = Math.ceil(steps / mostPoints);
    for (let step = state.adam.steps; step < steps; step++) {
      const chosen = batches.next().value;
      const picked = pickRows(rows, chosen).read(0, batch);
      const x = new Float32Array(picked.length);
      for (let i = 0; i < x.length; i++) x[i] = picked[i]! * scale;
      const dead = Float32Array.from(silence, (silent) => (silent * batch >= deadAfter ? 1 : 0));
      const deadCount = dead.reduce((sum, is) => sum + is, 0);
      const now = { step, scale, perSquare: d_in / variance, rows: chosen, dead, deadCount };
      const { unexplained, terms, fired, smallest, ...found } = await loss.run(x, weights, variance, now);
      if (!Number.isFinite(unexplained))
        throw new RangeError(`trainSae: expected a finite loss at step ${step}, found ${unexplained}`);
      const rate = peakRate(plan) * schedule(step, plan);
      await updates.step({ ...found, x }, rate, 1 - rate * plan.weightDecay);
      if (smallest !== null && smallest > 0)
        state.threshold += runningRate(step) * (smallest - state.threshold);
      for (let i = 0; i < d_sae; i++) silence[i] = fired[i] === 0 ? silence[i]! + 1 : 0;
      const active = fired.reduce((sum, tokens) => sum + tokens, 0);
      const done = step + 1;
      const point = { step: done, unexplained, meanL0: active / batch, dead: deadCount, ...said(terms) };
      if (done % pointEvery === 0 || done === steps) state.curve.push(point);
      if (keeping !== null) {
        if (done % keeping.every === 0 || done === steps || keeping.signal.aborted) keeping.keep(state);
        keeping.signal.throwIfAborted();
      }
      onStep({ ...point, steps, tokens: done * batch });
    }
  } finally {
    await updates.close();
    await loss.close();
  }
}

/**
 * Weight of the newest value in a running mean over about a hundred steps. It starts at 1, so that the initial 0
 * leaves no trace.
 */
function runningRate(step: number): number {
  return Math.max(0.01, 1 / (step + 1));
}

function said(terms: Record<string, number>): Pick<CurvePoint, "terms"> {
  return Object.keys(terms).length === 0 ? {} : { terms };
}
