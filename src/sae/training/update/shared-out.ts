/** Features that threads share out among themselves. All arrays are in shared memory. */
import { type FeatureRows, type Gradients, rangeSize, type Trained } from "./feature-rows.ts";

export interface SharedOut {
  trained: Trained;
  /** [1] the first range that nobody has taken. */
  next: Int32Array;
  /** [ranges, d_in] what each range subtracts from the gradient of b_dec. */
  ofCentre: Float64Array;
}

export function rangesOf({ widths }: Trained): number {
  return Math.ceil(widths.d_sae / rangeSize(widths));
}

/** Takes ranges and updates their features, until none is left. */
export function takeRanges(
  rows: FeatureRows,
  gradients: Gradients,
  { trained, next, ofCentre }: SharedOut,
): void {
  const { d_in, d_sae } = trained.widths;
  const size = rangeSize(trained.widths);
  const ranges = rangesOf(trained);
  for (let range = Atomics.add(next, 0, 1); range < ranges; range = Atomics.add(next, 0, 1)) {
    const from = range * size;
    const found = rows.step(gradients, { from, to: Math.min(d_sae, from + size) });
    if (found !== null) ofCentre.set(found, range * d_in);
  }
}
