/**
 * The gradients of encoder and decoder when only the features at some places count. Each of a batch's P places adds
 * one row to two matrices. The graph could only compute products over all features, most of them with zeros.
 *
 *     ∂/∂W_dec[f] = Σ z·∂x̂[t]      ∂/∂W_enc[·, f] = Σ ∂z·(x[t] − b_dec)      ∂/∂b_enc[f] = Σ ∂z      over the places (t, f),
 *
 * b_dec is also subtracted before W_enc. So it gets −Σ_f ∂b_enc[f]·W_enc[·, f] in addition to its gradient as the
 * decoder's bias.
 */
import type { commonNames } from "../state/weights.ts";

/** Tests use float64. */
type Numbers = Float32Array | Float64Array;
type Common<N> = Record<(typeof commonNames)[number], N>;

/** Some features, from `from` (included) to `to` (excluded). */
export interface FeatureRange {
  from: number;
  to: number;
}

/** Outputs of the loss graph. */
export interface PlaceOutputs<N extends Numbers> {
  indices: Int32Array;
  values: N;
  dValues: N;
  /** [B, d_in] */
  dDecoded: N;
}

/** The active places, grouped by feature; within a feature in the order of tokens. */
export interface ByFeature {
  /** [d_sae + 1] Feature f has the places from starts[f] (included) to starts[f + 1] (excluded). */
  starts: Int32Array;
  /** The token of each place. */
  tokens: Int32Array;
  /** The index of each place among the graph's outputs. */
  outputs: Int32Array;
}

/** @param perToken how many places each token has; null if the places were chosen from the whole batch */
export function byFeature(
  { indices, values }: Pick<PlaceOutputs<Numbers>, "indices" | "values">,
  perToken: number | null,
  d_sae: number,
): ByFeature {
  const tokenOf = (at: number) => Math.floor(perToken === null ? indices[at]! / d_sae : at / perToken);
  const featureOf = (at: number) => (perToken === null ? indices[at]! % d_sae : indices[at]!);
  const starts = new Int32Array(d_sae + 1);
  for (let at = 0; at < indices.length; at++)
    if (values[at]! > 0) starts[featureOf(at) + 1] = starts[featureOf(at) + 1]! + 1;
  for (let feature = 0; feature < d_sae; feature++)
    starts[feature + 1] = starts[feature + 1]! + starts[feature]!;
  const next = starts.slice();
  const tokens = new Int32Array(starts[d_sae]!);
  const outputs = new Int32Array(starts[d_sae]!);
  for (let at = 0; at < indices.length; at++) {
    if (!(values[at]! > 0)) continue;
    const feature = featureOf(at);
    const place = next[feature]!;
    next[feature] = place + 1;
    tokens[place] = tokenOf(at);
    outputs[place] = at;
  }
  return { starts, tokens, outputs };
}

/**
 * Adds the gradients that come from the places of some features, in place.
 * @param gradients of these features alone: W_dec and W_encT [to − from, d_in], b_enc [to − from]
 * @param x [B, d_in], scaled
 * @returns [d_in] what these features subtract from the gradient of b_dec
 */
export function addPlaceGradients<N extends Numbers>(
  gradients: Omit<Common<N>, "b_dec">,
  places: ByFeature,
  { values, dValues, dDecoded }: PlaceOutputs<N>,
  x: N,
  { W_encT, b_dec }: Pick<Common<N>, "W_encT" | "b_dec">,
  range: FeatureRange,
): Float64Array {
  const d_in = b_dec.length;
  const { starts, outputs } = places;
  const ofCentre = new Float64Array(d_in);
  addRows(gradients.W_dec, places, values, dDecoded, d_in, range);
  addRows(gradients.W_encT, places, dValues, x, d_in, range);
  for (let feature = range.from; feature < range.to; feature++) {
    let sum = 0;
    for (let place = starts[feature]!; place < starts[feature + 1]!; place++)
      sum += dValues[outputs[place]!]!;
    if (sum === 0) continue;
    const own = feature - range.from;
    gradients.b_enc[own] = gradients.b_enc[own]! + sum;
    const row = own * d_in;
    const weights = feature * d_in;
    for (let i = 0; i < d_in; i++) {
      gradients.W_encT[row + i] = gradients.W_encT[row + i]! - sum * b_dec[i]!;
      ofCentre[i] = ofCentre[i]! + sum * W_encT[weights + i]!;
    }
  }
  return ofCentre;
}

/**
 * For each feature f of a range: adds to its row of `into` the rows of its places' tokens, each times its weight. Four rows are
 * added at a time, so that the sum is read and written only once per four.
 */
function addRows<N extends Numbers>(
  into: N,
  { starts, tokens, outputs }: ByFeature,
  weights: N,
  rows: N,
  width: number,
  { from: first, to }: FeatureRange,
): void {
  const sum = new Float64Array(width);
  for (let feature = first; feature < to; feature++) {
    const end = starts[feature + 1]!;
    let place = starts[feature]!;
    if (place === end) continue;
    const row = into.subarray((feature - first) * width, (feature - first + 1) * width);
    sum.set(row);
    for (; place + 3 < end; place += 4) {
      const from0 = tokens[place]! * width;
      const from1 = tokens[place + 1]! * width;
      const from2 = tokens[place + 2]! * width;
      const from3 = tokens[place + 3]! * width;
      const weight0 = weights[outputs[place]!]!;
      const weight1 = weights[outputs[place + 1]!]!;
      const weight2 = weights[outputs[place + 2]!]!;
      const weight3 = weights[outputs[place + 3]!]!;
      for (let i = 0; i < width; i++)
        sum[i] =
          sum[i]! +
          weight0 * rows[from0 + i]! +
          weight1 * rows[from1 + i]! +
          weight2 * rows[from2 + i]! +
          weight3 * rows[from3 + i]!;
    }
    const left = end - place;
    if (left > 0) {
      // Those that are left, in one pass too. A weight of 0 adds nothing.
      const from0 = tokens[place]! * width;
      const from1 = left > 1 ? tokens[place + 1]! * width : from0;
      const from2 = left > 2 ? tokens[place + 2]! * width : from0;
      const weight0 = weights[outputs[place]!]!;
      const weight1 = left > 1 ? weights[outputs[place + 1]!]! : 0;
      const weight2 = left > 2 ? weights[outputs[place + 2]!]! : 0;
      for (let i = 0; i < width; i++)
        sum[i] =
          sum[i]! + weight0 * rows[from0 + i]! + weight1 * rows[from1 + i]! + weight2 * rows[from2 + i]!;
    }
    row.set(sum);
  }
}
