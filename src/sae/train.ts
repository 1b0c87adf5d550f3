/**
 * Trains a TopK SAE on activations, after Gao et al. (arXiv 2406.04093) with what small data needs:
 * - activations are scaled to a mean norm of √d_in for the run (SAELens, `expected_average_only_in`) and the factor is
 *   moved into the biases afterwards, so features and decoder rows (unit norm) are in the units of the input;
 * - tokens whose norm is above 10 times the median are left out (dictionary_learning's ActivationBuffer): a handful of
 *   them would be most of the loss;
 * - decoder rows keep norm 1: the gradient along a row is taken out before Adam, the row is rescaled after;
 * - encoder = decoder transposed at the start, b_dec = the mean activation (Gao: the geometric median);
 * - features that have not fired for a while get the auxiliary loss of `loss.ts`, rather than being drawn anew, since
 *   its gradient is continuous and needs no second data pass;
 * - rate 2e-4·√(2¹⁴/d_sae) (EleutherAI sparsify's rule for the paper's curve), a linear warm-up and a linear decay.
 */
import { Adam } from "../core/adam.ts";
import { type Random, random } from "../core/random.ts";
import type { SessionOptions } from "../model/session.ts";
import { LossSession, type Weights } from "./loss-session.ts";
import { inMemory } from "./matrix.ts";
import { meanOf, type Quality, quality } from "./quality.ts";
import { pickRows, type Rows } from "./rows.ts";
import { makeSae, nothingStated, type Sae, type Site } from "./sae.ts";
import { SaeSession } from "./session.ts";
import { checkPlan, peakRate, schedule, type TrainingPlan } from "./training-plan.ts";
import { deal, endlessBatches, meanNorm, meanSquaredDistance } from "./training-rows.ts";
import { tangent, unitRows } from "./unit-rows.ts";

/** β as usual; ε as Gao et al. train SAEs with, small because their gradients are. */
const moments = { beta1: 0.9, beta2: 0.999, epsilon: 6.25e-10 };

export interface TrainingProgress {
  /** Steps done. */
  step: number;
  steps: number;
  /** Tokens read. */
  tokens: number;
  /** Fraction of variance unexplained, of this step's batch. */
  unexplained: number;
  /** Mean active features a token, of this step's batch. */
  meanL0: number;
  /** Features that have not fired for `deadAfterTokens`. */
  dead: number;
}

export interface TrainedSae {
  sae: Sae;
  /** On the rows kept aside. Rows are dealt one by one: neighbours in a text may be on both sides. */
  quality: Quality;
  /** What it came from, as plain data, for `saveSae`. */
  record: Record<string, number | string>;
}

/**
 * @param rows activations [n, d_in] of one site
 * @param site where they were captured, `siteOf(residPost(layer), modelName)`
 * @throws FathomError for a plan that cannot be followed, too few rows, or rows that are not finite
 */
export async function trainSae(
  rows: Rows,
  site: Site,
  plan: TrainingPlan,
  onStep: (progress: TrainingProgress) => void,
  options: SessionOptions = {},
): Promise<TrainedSae> {
  checkPlan(rows, plan);
  const draw = random(plan.seed);
  const { kept, aside, left } = deal(rows, plan, draw.split("rows"));
  const scale = Math.sqrt(rows.width) / meanNorm(kept);
  const mean = meanOf(kept, () => true).map((value) => value * scale);
  const weights = initialWeights(mean, plan.d_sae, draw.split("weights"));
  const variance = meanSquaredDistance(kept, mean, scale);
  await descend(kept, scale, variance, weights, plan, draw.split("batches"), onStep, options);

  const unmeasured = makeSae({
    format: "trained",
    path: `SAE trained on ${rows.name}`,
    d_in: rows.width,
    d_sae: plan.d_sae,
    kind: "topk",
    W_enc: inMemory(weights.W_enc, [rows.width, plan.d_sae]),
    // SAE(s·x)/s with unit rows: features shrink by s with the bias, W_enc and W_dec stay.
    b_enc: weights.b_enc.map((value) => value / scale),
    W_dec: inMemory(weights.W_dec, [plan.d_sae, rows.width]),
    b_dec: weights.b_dec.map((value) => value / scale),
    threshold: null,
    k: plan.k,
    magnitude: null,
    applyBDecToInput: true,
    normalize: "none",
    rescaleByDecoderNorm: false,
    site,
    stated: nothingStated,
    notes: [],
  });
  const session = await SaeSession.open(unmeasured, options);
  const measured = await quality(session, aside);
  await session.close();
  const stated = {
    varianceExplained: measured.varianceExplained.ordinary,
    meanL0: measured.meanL0,
    deadShare: measured.dead.share,
    meanNorm: meanNorm(kept),
  };
  const record = {
    ...plan,
    rate: peakRate(plan),
    rows: kept.count,
    rows_held_out: aside.count,
    rows_above_norm: left,
    input_scale: scale,
  };
  return { sae: { ...unmeasured, stated }, quality: measured, record };
}

function initialWeights(mean: Float64Array, d_sae: number, draw: Random): Weights {
  const d_in = mean.length;
  const W_dec = Float32Array.from({ length: d_sae * d_in }, () => draw.normal());
  unitRows(W_dec, d_in);
  const W_enc = new Float32Array(d_in * d_sae);
  for (let feature = 0; feature < d_sae; feature++)
    for (let i = 0; i < d_in; i++) W_enc[i * d_sae + feature] = W_dec[feature * d_in + i]!;
  return { W_enc, b_enc: new Float32Array(d_sae), W_dec, b_dec: Float32Array.from(mean) };
}

/** Gradient descent on the weights, in place. */
async function descend(
  rows: Rows,
  scale: number,
  variance: number,
  weights: Weights,
  plan: TrainingPlan,
  draw: Random,
  onStep: (progress: TrainingProgress) => void,
  options: SessionOptions,
): Promise<void> {
  const { d_sae, k, steps, batch } = plan;
  const d_in = rows.width;
  // Half the width, as in the paper's appendix B.1.
  const kAux = plan.auxWeight > 0 ? Math.min(d_sae, Math.max(1, d_in >> 1)) : 0;
  const loss = await LossSession.open({ d_in, d_sae, k, kAux }, options);
  try {
    const adam = new Adam(moments);
    const deadAfter = plan.deadAfterTokens ?? rows.count;
    const silence = new Float64Array(d_sae);
    const batches = endlessBatches(rows.count, batch, draw);
    for (let step = 0; step < steps; step++) {
      const x = pickRows(rows, batches.next().value)
        .read(0, batch)
        .map((value) => value * scale);
      const dead = Float32Array.from(silence, (tokens) => (tokens >= deadAfter ? 1 : 0));
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
      for (let i = 0; i < d_sae; i++) silence[i] = fired[i] === 0 ? silence[i]! + batch : 0;
      const active = fired.reduce((sum, tokens) => sum + tokens, 0);
      onStep({
        step: step + 1,
        steps,
        tokens: (step + 1) * batch,
        unexplained,
        meanL0: active / batch,
        dead: deadCount,
      });
    }
  } finally {
    await loss.close();
  }
}
