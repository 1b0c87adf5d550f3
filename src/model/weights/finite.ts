/**
 * NaN and infinities. A model that computes with one gives the same answer to
 * everything, so Fathom refuses it and names where it is.
 */
import { badInput, type FathomError } from "../../core/errors.ts";

/** The index of the first NaN or infinity; -1 when all numbers are finite. */
export function firstNotFinite(values: Float32Array, from = 0, to = values.length): number {
  for (let i = from; i < to; i++) if (values[i]! - values[i]! !== 0) return i;
  return -1;
}

/** Checks a row of an embedding when it is read. @throws FathomError for NaN or an infinity */
export function requireFiniteRow(name: string, row: number, values: Float32Array): void {
  const at = firstNotFinite(values);
  if (at >= 0) throw notFiniteAt(`"${name}"`, values[at]!, [row, at]);
}

/**
 * The error for NaN or an infinity in a run although all weights are finite.
 * @param place e.g. "the output of block 3"
 */
export function overflow(name: string, place: string): FathomError {
  return badInput(
    `prompt ${JSON.stringify(name)}`,
    "finite numbers",
    `NaN or Infinity in ${place}`,
    "another checkpoint: this one's weights are finite, but the numbers computed from them are not",
  );
}

/** @param index one index per axis of the tensor */
export function notFiniteAt(where: string, value: number, index: readonly number[]): FathomError {
  return badInput(
    where,
    "finite numbers",
    `${value} at [${index.join(", ")}]`,
    "another copy of the checkpoint, or an earlier one of its training; nothing can be computed with this",
  );
}
