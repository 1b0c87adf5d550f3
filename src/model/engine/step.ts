/** The options and the result of a step: new tokens of several rows through the blocks. */
import type { Site } from "../architecture/slots/sites.ts";
import type { Tensor } from "../ort/ort.ts";
import type { BatchEdits } from "./edits/batch-edits.ts";

/** Layer → keys and values of a step's new tokens, for layers that later layers share; [B, kvHeads, T, headDim]. */
export type Lent = ReadonlyMap<number, { key: Tensor; value: Tensor }>;

export interface StepOptions {
  /** Begin at this block, with the result of a step of the same tokens through the blocks before it. */
  from?: { layer: number } & Pick<Step, "residual" | "lent">;
  edits?: BatchEdits | null;
  /** Gets the results of each edit, by its index. The arrays are valid only during the call. */
  onEdit?: { activations: boolean; take: (edit: number, results: EditResults) => void };
  /** Replaces the output of a block by this residual [B, T, d]. The block's keys and values do not change. */
  replace?: { layer: number; residual: Float32Array<ArrayBuffer> };
  /** `take` gets the outputs [B, T, d] of these blocks, after their edits. The array is valid only during the call. */
  capture?: {
    layers: ReadonlySet<number>;
    take: (layer: number, residual: Float32Array<ArrayBuffer>) => void;
  };
  /** `take` gets the values [B, T, d] of these sites, after their edits. The array is valid only during the call. */
  tap?: { taps: readonly Site[]; take: (tap: number, values: Float32Array<ArrayBuffer>) => void };
  /** Gets the input [B, T, in] of each matrix that the engine observes. The array is valid only during the call. */
  onInput?: (matrix: string, values: Float32Array<ArrayBuffer>) => void;
  /** Whether to write the new keys and values into the cache; true when not given. */
  remember?: boolean;
  /** Names of the rows for error messages; their numbers when not given. */
  names?: readonly string[];
  /** Stop after this block. */
  lastLayer?: number;
  /** [B] length of each row's whole sequence; needed when this step does not read it to its end. */
  lengths?: readonly number[];
  /** Pad every row to at least this many tokens. */
  atLeast?: number;
}

/** The results of one edit in a step. */
export interface EditResults {
  /** The activations of its features before the edit, [B, T, width]; null when not asked for. The first n of width are features. */
  activations: Float32Array<ArrayBuffer> | null;
  width: number;
  /** [B, T] the largest |x' − x| of each token. */
  moved: Float32Array<ArrayBuffer>;
}

export interface Step {
  /** The output of the last block that ran, [B, T, d], rows right-padded to T. */
  residual: Float32Array<ArrayBuffer>;
  lent: Lent;
  /** The blocks' inputs "per_layer.l"; empty for a model without them. */
  perLayer: Readonly<Record<string, Tensor>>;
  T: number;
}
