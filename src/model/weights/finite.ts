/** Numbers that are none. What computes with one answers everything alike, so it is named and refused where it is met. */
import { badInput, type FathomError } from "../../core/errors.ts";

/** The index of the first number that is none, or an infinity; -1 where there is none. */
export function firstNotFinite(values: Float32Array, from = 0, to = values.length): number {
  for (let i = from; i < to; i++) if (values[i]! - values[i]! !== 0) return i;
  return -1;
}

/** A row of an embedding, as it is read. @throws FathomError when one of its numbers is none */
export function requireFiniteRow(name: string, row: number, values: Float32Array): void {
  const at = firstNotFinite(values);
  if (at >= 0) throw notFiniteAt(`"${name}"`, values[at]!, [row, at]);
}

/** What a run came upon although all weights are finite. @param place e.g. "the output of block 3" */
export function overflow(name: string, place: string): FathomError {
  return badInput(
    `prompt ${JSON.stringify(name)}`,
    "finite numbers",
    `NaN or Infinity in ${place}`,
    "another checkpoint: this one's weights are finite, and what is computed from them is not",
  );
}

/** @param index of a tensor, an axis each */
export function notFiniteAt(where: string, value: number, index: readonly number[]): FathomError {
  return badInput(
    where,
    "finite numbers",
    `${value} at [${index.join(", ")}]`,
    "another copy of the checkpoint, or an earlier one of its training; nothing can be computed with this",
  );
}
