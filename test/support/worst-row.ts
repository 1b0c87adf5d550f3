/** Measures how far rows of activations are from those of another implementation. */
import { expect } from "vitest";

/**
 * The largest ‖found − expected‖ / ‖expected‖ of any row. It is taken per row, because a few rows of large norm would
 * hide others.
 */
export function worstRow(found: Float32Array, expected: Float32Array, width: number): number {
  expect(found.length).toBe(expected.length);
  let worst = 0;
  for (let row = 0; row < expected.length; row += width) {
    let difference = 0;
    let size = 0;
    for (let at = row; at < row + width; at++) {
      difference += (found[at]! - expected[at]!) ** 2;
      size += expected[at]! ** 2;
    }
    worst = Math.max(worst, Math.sqrt(difference / size));
  }
  return worst;
}
