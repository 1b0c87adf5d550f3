/** The steps of a training run, from its start or from where it was left: what train.ts prepares and finishes. */
import { Adam } from "../core/adam.ts";
import type { Random } from "../core/random.ts";
import type { SessionOptions } from "../model/session.ts";
import { LossSession, type Weights } from "./loss-session.ts";
import { pickRows, type Rows } from "./rows.ts";
import { peakRate, schedule, type TrainingPlan } from "./training-plan.ts";
import { endlessBatches } from "./training-rows.ts";
import { type CurvePoint, type Keeping, mostPoints, type TrainingState } from "./training-state.ts";
import { tangent, unitRows } from "./unit-rows.ts";

/** β as usual; ε as Gao et al. train SAEs with, small because their gradients are. */
const moments = { beta1: 0.9, beta2: 0.999, epsilon: 6.25e-10 };

export interface TrainingProgress extends CurvePoint {
  steps: number;
  /** Tokens read. */
  tokens: number;
}

interface TrainingData {
  rows: Rows;
  /** What the rows are multiplied by. */
  scale: number;
  /** V of the loss, of the scaled rows. */
  variance: number;
}

/** Gradient descent on the state's weights, in place. */
export async function descend(
  { rows, scale, variance }: TrainingData,
  state: TrainingState,
  plan: TrainingPlan,
  draw: Random,
  onStep: (progress: TrainingProgress) => void,
  options: SessionOptions,
  keeping: Keeping | null,
): Promise<void> {
  const { d_sae, k, steps, batch } = plan;
  const { weights, silence } = state;
  const d_in = rows.width;
  // Half the width, as in the paper's appendix B.1.
  const kAux = plan.auxWeight > 0 ? Math.min(d_sae, Math.max(1, d_in >> 1)) : 0;
  const loss = await LossSession.open({ d_in, d_sae, k, kAux }, options);
  try {
    const adam = new Adam(moments, state.adam);
    const deadAfter = plan.deadAfterTokens ?? rows.count;
    const batches = endlessBatches(rows.count, batch, draw);
    // The order of the rows is the seed's: drawn again up to here, it goes on as it would have.
    for (let step = 0; step < state.adam.steps; step++) batches.next();
    const pointEvery = Math.ceil(steps / mostPoints);
    for (let step = state.adam.steps; step < steps; step++) {
      const x = pickRows(rows, batches.next().value)
        .read(0, batch)
        .map((value) => value * scale);
      const dead = Float32Array.from(silence, (silent) => (silent * batch >= deadAfter ? 1 : 0));
      const deadCount = dead.reduce((sum, is) => sum + is, 0);
      // Few dead features should not be driven by the whole of the weight (SAELens and sparsify do the same).
      const auxWeight = kAux === 0 ? 0 : plan.auxWeight * Math.min(1, deadCount / kAux);
      const { unexplained, fired, gradients } = await loss.run(x, weights, variance, dead, auxWeight);
      if (!Number.isFinite(unexplained))
        throw new RangeError(`trainSae: expected a finite loss at step ${step}, found ${unexplained}`);
      tangent(gradients.W_dec, weights.W_dec, d_in);
      const updates = Object.entries(weights).map(([name, values]) => ({
        name,
        values,
        gradient: gradients[name as keyof Weights],
        shrink: 1,
      }));
      adam.step(updates, peakRate(plan) * schedule(step, plan));
      unitRows(weights.W_dec, d_in);
      for (let i = 0; i < d_sae; i++) silence[i] = fired[i] === 0 ? silence[i]! + 1 : 0;
      const active = fired.reduce((sum, tokens) => sum + tokens, 0);
      const done = step + 1;
      const point = { step: done, unexplained, meanL0: active / batch, dead: deadCount };
      if (done % pointEvery === 0 || done === steps) state.curve.push(point);
      if (keeping !== null) {
        if (done % keeping.every === 0 || done === steps || keeping.signal.aborted) keeping.keep(state);
        keeping.signal.throwIfAborted();
      }
      onStep({ ...point, steps, tokens: done * batch });
    }
  } finally {
    await loss.close();
  }
}
