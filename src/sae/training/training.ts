/**
 * Trains an SAE on activations with one of the objectives (`objectives/`). Follows Gao et al. (arXiv 2406.04093),
 * with additions for small data:
 * - activations are scaled to a mean norm of √d_in for the run (SAELens, `expected_average_only_in`) and the factor is
 *   moved into the biases afterwards, so features and decoder rows (unit norm) are in the units of the input;
 * - tokens whose norm is above 10 times the median are left out (as dictionary_learning's ActivationBuffer does),
 *   because a few of them would be most of the loss;
 * - decoder rows keep norm 1: the part of the gradient along the row is removed before Adam, and the row is rescaled after;
 * - at the start, encoder = decoder transposed, and b_dec = the geometric median of the activations;
 * - features that have not fired for a while get an auxiliary loss (`objectives/auxiliary.ts`);
 * - rate 2e-4·√(2¹⁴/d_sae) (EleutherAI sparsify's rule for the paper's curve), a linear warm-up and a linear decay.
 */
import { type Random, random } from "../../core/random.ts";
import type { SessionOptions } from "../../model/ort/session.ts";
import { inMemory, transposed } from "../code/matrix.ts";
import { pickRows, type Rows } from "../code/rows.ts";
import { makeSae, nothingStated, type Sae, type Site } from "../code/sae.ts";
import { SaeSession } from "../code/sae-session.ts";
import { unitRows } from "../code/unit-rows.ts";
import { meanOf, type Quality, quality } from "../measure/quality/quality.ts";
import { descend, type TrainingProgress } from "./descent.ts";
import { l1 } from "./objectives/l1.ts";
import type { LossTerm, Objective } from "./objectives/objective.ts";
import { objectiveOf } from "./objectives/objectives.ts";
import { checkPlan, peakRate, type TrainingPlan } from "./state/training-plan.ts";
import { type CurvePoint, freshState, type Keeping } from "./state/training-state.ts";
import type { OwnName, Weights } from "./state/weights.ts";
import { deal, meanNorm, meanSquaredDistance, medianOf } from "./training-rows.ts";
import { weightsOf } from "./warm-start.ts";

export interface TrainedSae {
  sae: Sae;
  /** Measured on the held-out rows. Rows are split one by one, so neighbours in a text may be on both sides. */
  quality: Quality;
  /** The settings and row counts of the training, as plain data for `saveSae`. */
  record: Record<string, number | string>;
  /** The loss over the steps, at most about a thousand points. */
  curve: readonly CurvePoint[];
}

/**
 * @param rows activations [n, d_in] of one site
 * @param site where they were captured, `siteOf(residPost(layer), modelName)`
 * @param keeping where the state is kept, and the state to continue from; null to keep none and to start anew
 * @param more terms of the loss in addition to the objective's
 * @param from an SAE to start from, already checked by `objectiveFor`; null for random weights
 * @throws FathomError for an impossible plan, too few rows, or rows with NaN or infinities
 * @throws the reason of `keeping.signal` if that is aborted, after the state was kept
 */
export async function trainSae(
  rows: Rows,
  site: Site,
  plan: TrainingPlan,
  onStep: (progress: TrainingProgress) => void,
  options: SessionOptions = {},
  keeping: Keeping | null = null,
  more: readonly LossTerm[] = [],
  from: Sae | null = null,
): Promise<TrainedSae> {
  checkPlan(rows, plan);
  const draw = random(plan.seed);
  const dealt = deal(rows, plan, draw.split("rows"));
  const kept = pickRows(rows, dealt.kept);
  const aside = pickRows(rows, dealt.aside);
  const scale = Math.sqrt(rows.width) / meanNorm(kept);
  const mean = meanOf(kept, () => true).map((value) => value * scale);
  const objective = objectiveOf(plan, rows.width);
  const start = () =>
    from === null
      ? initialWeights(kept, scale, plan.d_sae, objective.own, draw)
      : startFrom(from, scale, objective.own);
  const state = keeping?.from ?? freshState(start(), plan.d_sae);
  const { weights } = state;
  const variance = meanSquaredDistance(kept, mean, scale);
  const data = { rows, kept: dealt.kept, scale, variance };
  const terms = plan.l1Weight > 0 ? [l1(plan.l1Weight), ...more] : more;
  await descend(data, objective, state, plan, draw.split("batches"), onStep, options, keeping, terms);
  // Its arrays are in memory that threads shared.
  const [W_encT, W_dec] = [weights.W_encT.slice(), weights.W_dec.slice()];

  const unmeasured = makeSae({
    format: "trained",
    path: `SAE trained on ${rows.name}`,
    d_in: rows.width,
    d_sae: plan.d_sae,
    ...objective.finish(state, scale),
    W_enc: inMemory(transposed(inMemory(W_encT, [plan.d_sae, rows.width])).read(), [rows.width, plan.d_sae]),
    // SAE(s·x)/s with unit rows: features and biases are divided by s; W_enc and W_dec do not change.
    b_enc: weights.b_enc.map((value) => value / scale),
    W_dec: inMemory(W_dec, [plan.d_sae, rows.width]),
    b_dec: weights.b_dec.map((value) => value / scale),
    magnitude: null,
    applyBDecToInput: true,
    normalize: "none",
    rescaleByDecoderNorm: false,
    site,
    trainedOnPrompts: from?.trainedOnPrompts ?? null,
    stated: nothingStated,
    notes: [],
  });
  const session = await SaeSession.open(unmeasured, options);
  const measured = await quality(session, aside);
  await session.close();
  keeping?.signal.throwIfAborted();
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
    rows_above_norm: dealt.left,
    input_scale: scale,
  };
  return { sae: { ...unmeasured, stated }, quality: measured, record, curve: state.curve };
}

/** The weights of an SAE, only those that the objective trains. BatchTopK finds the threshold of a JumpReLU SAE again. */
function startFrom(sae: Sae, scale: number, own: Objective["own"]): Weights {
  const { log_threshold, ...common } = weightsOf(sae, scale);
  return log_threshold !== undefined && "log_threshold" in own ? { ...common, log_threshold } : common;
}

/**
 * Tokens from which an objective's own tensors get their start. They give 64 · d_sae numbers, enough for any share of
 * features.
 */
const startTokens = 64;

function initialWeights(
  rows: Rows,
  scale: number,
  d_sae: number,
  own: Objective["own"],
  draw: Random,
): Weights {
  const d_in = rows.width;
  const directions = draw.split("weights");
  const W_dec = Float32Array.from({ length: d_sae * d_in }, () => directions.normal());
  unitRows(W_dec, d_in);
  const b_dec = Float32Array.from(medianOf(rows, draw.split("median")), (value) => value * scale);
  const pre = () => {
    const some = rows.read(0, Math.min(rows.count, startTokens)).map((value) => value * scale);
    return preActivations(some, W_dec, b_dec);
  };
  const ownTensors = Object.fromEntries(
    Object.entries(own).map(([name, { start }]) => [name, new Float32Array(d_sae).fill(start(pre()))]),
  ) as Partial<Record<OwnName, Float32Array<ArrayBuffer>>>;
  return { W_encT: W_dec.slice(), b_enc: new Float32Array(d_sae), W_dec, b_dec, ...ownTensors };
}

/** (x − b_dec)·W_enc. @param x [n, d_in] @param W_encT [d_sae, d_in] @returns [n, d_sae] */
function preActivations(x: Float32Array, W_encT: Float32Array, b_dec: Float32Array): Float32Array {
  const d_in = b_dec.length;
  const d_sae = W_encT.length / d_in;
  const pre = new Float32Array((x.length / d_in) * d_sae);
  for (let at = 0; at < pre.length; at++) {
    const token = Math.floor(at / d_sae) * d_in;
    const feature = (at % d_sae) * d_in;
    let sum = 0;
    for (let i = 0; i < d_in; i++) sum += (x[token + i]! - b_dec[i]!) * W_encT[feature + i]!;
    pre[at] = sum;
  }
  return pre;
}
