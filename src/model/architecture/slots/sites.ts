/** The places of a block at which the residual stream can be edited. */

/**
 * What is added to the residual stream, or read from it. `embed`: the input of block 0. `attn_out`, `mlp_out`: as they are
 * added; Gemma and OLMo 2 norm them first. `resid_post`: the output of a block. Gemma 4 also adds per-layer embeddings and
 * scales its stream: those have no site. Its `attn_out` and `mlp_out` are added before both.
 */
export const siteKinds = ["embed", "attn_out", "mlp_out", "resid_post"] as const;
export type SiteKind = (typeof siteKinds)[number];

export interface Site {
  /** A block, from 0. */
  layer: number;
  site: SiteKind;
}

export const editNormalizations = ["none", "layer_norm", "constant_norm_rescale"] as const;
/** What an edit does to x before it encodes x. The change of x is scaled back. The same as of an SAE. */
export type EditNormalization = (typeof editNormalizations)[number];

/** What of an edit decides its graph. Its sizes and numbers do not. */
export interface SlotForm {
  /**
   * How a feature's activation follows from p = x·E + b. `threshold`: p where it is above the feature's threshold, else 0
   * (−∞ gives the identity, 0 gives ReLU). `topk`, `groupmax`, `gated`: as an SAE's (src/sae/code/sae.ts).
   */
  rule: "threshold" | "topk" | "groupmax" | "gated";
  /** The k of topk, or the number of groups; null for the other rules. */
  k: number | null;
  normalize: EditNormalization;
}

/** The edits that a block's graph has room for, by site, in the order in which they are applied. `embed`: in block 0 only. */
export type BlockSlots = Readonly<Partial<Record<SiteKind, readonly SlotForm[]>>>;

/** The name of a slot. Its inputs are "<name>.<part>", and in a graph of several blocks "<name>.<part>.<layer>". */
export const slotName = (site: SiteKind, ordinal: number): string => `${site}.${ordinal}`;
