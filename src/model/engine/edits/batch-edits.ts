/** The edits of a batch, and the masks of its rows as one tensor. */
import { Tensor } from "../../ort/ort.ts";
import type { EditMask, EditMasks } from "./edit.ts";
import { checkMasks } from "./edit.ts";
import type { LaidOutEdit } from "./laid-out.ts";

export interface BatchEdits {
  edits: readonly LaidOutEdit[];
  /** By row, then by edit. */
  masks: readonly EditMasks[];
}

/** A row that edits may apply to. */
export interface MaskedRow {
  readonly id: string;
  /** One mask per edit of the call; all ones when not given. */
  readonly masks?: EditMasks;
}

/**
 * The edits of a batch. A row without masks gets every feature of every edit.
 * @returns null when there are no edits
 * @throws FathomError naming the row and the mask that does not fit
 */
export function batchEdits(edits: readonly LaidOutEdit[], rows: readonly MaskedRow[]): BatchEdits | null {
  if (edits.length === 0) return null;
  const sizes = edits.map(({ size }) => size);
  const all = sizes.map((size) => new Float32Array(size).fill(1));
  for (const { id, masks } of rows) if (masks !== undefined) checkMasks(masks, sizes, id);
  return { edits, masks: rows.map(({ masks }) => masks ?? all) };
}

/**
 * The mask of one edit as the input [B, T, width] of its slot. Padding is zeros.
 * @param masks by row
 * @param pasts [B] tokens of each row before the new ones
 * @param counts [B] new tokens of each row
 */
export function maskTensor(
  { size, width }: LaidOutEdit,
  masks: readonly EditMask[],
  { pasts, counts, T }: { pasts: readonly number[]; counts: readonly number[]; T: number },
): Tensor {
  const out = new Float32Array(masks.length * T * width);
  for (const [row, mask] of masks.entries()) {
    for (let t = 0; t < counts[row]!; t++) {
      const at = (row * T + t) * width;
      if (mask instanceof Float32Array) out.set(mask, at);
      else {
        const factor = mask.tokens[Math.min(pasts[row]! + t, mask.tokens.length - 1)]!;
        if (factor === 0) continue;
        for (let i = 0; i < size; i++) out[at + i] = mask.features[i]! * factor;
      }
    }
  }
  return new Tensor("float32", out, [masks.length, T, width]);
}

/**
 * Notes how far the edits of a step move the tokens of each row.
 * @param moved by row, then by edit: the largest |x' − x| so far
 * @param counts [B] new tokens of each row
 */
export function noteMoves(
  moved: readonly number[][],
  counts: readonly number[],
): (edit: number, results: { moved: Float32Array }) => void {
  return (edit, results) => {
    const T = results.moved.length / counts.length;
    for (const [row, count] of counts.entries())
      for (let t = 0; t < count; t++)
        moved[row]![edit] = Math.max(moved[row]![edit]!, results.moved[row * T + t]!);
  };
}
