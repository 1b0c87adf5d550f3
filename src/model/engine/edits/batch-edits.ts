/** The edits of a batch, and the masks of its rows as one tensor. */
import { Tensor } from "../../ort/ort.ts";
import type { EditMask, EditMasks } from "./edit.ts";
import { checkMasks, maskAt } from "./edit.ts";
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
      const { features, factor } = maskAt(mask, pasts[row]! + t);
      if (factor === 1) out.set(features, at);
      else if (factor !== 0) for (let i = 0; i < size; i++) out[at + i] = features[i]! * factor;
    }
  }
  return new Tensor("float32", out, [masks.length, T, width]);
}

/**
 * The tokens that an edit may move, as inputs of its slot in a graph that edits some tokens alone (edit-graph.ts).
 * @param all whether every token of [B, T] is one of them, padding too: then the activations of all are computed
 */
export function editedTokens(
  edit: LaidOutEdit,
  masks: readonly EditMask[],
  { pasts, counts, T }: { pasts: readonly number[]; counts: readonly number[]; T: number },
  all: boolean,
): { tokens: Tensor; place: Tensor; mask: Tensor } {
  const { size, width } = edit;
  const applied = masks.map((mask, row) => appliedMask(mask, pasts[row]!, counts[row]!));
  const tokens: number[] = [];
  for (const [row, own] of applied.entries())
    for (let t = 0; t < T; t++) if (all || own(t) !== null) tokens.push(row * T + t);
  const E = tokens.length;
  const place = new Int32Array(masks.length * T).fill(E);
  const out = new Float32Array((E + 1) * width);
  for (const [at, token] of tokens.entries()) {
    place[token] = at;
    const row = Math.floor(token / T);
    const own = applied[row]!(token % T);
    if (own === null) continue;
    const { features, factor } = own;
    if (factor === 1) out.set(features, at * width);
    else for (let i = 0; i < size; i++) out[at * width + i] = features[i]! * factor;
  }
  return {
    tokens: new Tensor("int32", Int32Array.from(tokens), [E]),
    place: new Tensor("int32", place, [place.length]),
    mask: new Tensor("float32", out, [E + 1, width]),
  };
}

/** By new token of a row: its mask; null for padding, and where no feature applies. */
function appliedMask(
  mask: EditMask,
  past: number,
  count: number,
): (t: number) => ReturnType<typeof maskAt> | null {
  const isEmpty = new Map<Float32Array, boolean>();
  return (t) => {
    if (t >= count) return null;
    const own = maskAt(mask, past + t);
    let empty = isEmpty.get(own.features);
    if (empty === undefined) isEmpty.set(own.features, (empty = own.features.every((value) => value === 0)));
    return empty || own.factor === 0 ? null : own;
  };
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
