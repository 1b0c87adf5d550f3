/**
 * What a checkpoint computes, in one form for every family: the numbers that an engine needs, and no others. Settings
 * that may differ between layers are in `LayerConfig`.
 */

export type RopeScaling =
  | { type: "linear"; factor: number }
  /**
   * Gemma 4: only the first `part` of the frequencies are used, spaced as if
   * all were used, and divided by `factor`. The others are 0.
   */
  | { type: "proportional"; part: number; factor: number }
  /**
   * Llama 3.1: the frequencies of long wavelengths are divided by `factor`, those of short wavelengths are kept, and
   * those in between are interpolated.
   */
  | {
      type: "llama3";
      factor: number;
      lowFreqFactor: number;
      highFreqFactor: number;
      /** Positions of the first training. Wavelengths are compared with this number. */
      originalContext: number;
    }
  /**
   * YaRN: a frequency that makes many rotations within the original context is kept;
   * one that makes few is divided by `factor`.
   */
  | {
      type: "yarn";
      factor: number;
      originalContext: number;
      /**
       * A frequency with `fastRotations` or more rotations within the original context is kept; one with
       * `slowRotations` or fewer is divided.
       */
      fastRotations: number;
      slowRotations: number;
      /** Whether the band between the two begins and ends at whole dimensions. */
      truncate: boolean;
      /** Multiplies cosines and sines. */
      attentionFactor: number;
    }
  /** LongRoPE: each frequency has its own divisor, and a second one for sequences longer than the original context. */
  | {
      type: "longrope";
      /** [rotated / 2] */
      shortFactors: readonly number[];
      longFactors: readonly number[];
      originalContext: number;
      /** Multiplies cosines and sines. */
      attentionFactor: number;
    };

/** Rotary positions. Layers with equal settings share one object, so that their angles are computed once. */
export interface Rope {
  theta: number;
  /** RoPE rotates the first `rotated` numbers of a head, an even number. The others do not change. */
  rotated: number;
  scaling: RopeScaling | null;
}

/**
 * A LoRA branch of a linear layer: y = x·Wᵀ + scale · ((x·Aᵀ)·Bᵀ + b), A [rank, in], B [out, rank] (arXiv 2106.09685).
 */
export interface LowRank {
  rank: number;
  scale: number;
  /** Whether B has a bias b, [out]. */
  bias: boolean;
}

export interface LayerConfig {
  /** Query heads. */
  heads: number;
  /** Key/value heads; each serves heads / kvHeads query heads. */
  kvHeads: number;
  /** Not always hiddenSize / heads. */
  headDim: number;
  intermediateSize: number;
  rope: Rope;
  /** How many positions, itself included, a token attends to; null = all positions up to itself. */
  window: number | null;
  /** The earlier layer whose keys and values this layer uses; null when the layer has its own. */
  kvFrom: number | null;
  /** Whether the values are the key projection, before its norm and RoPE; false when not given. */
  valueIsKey?: boolean;
  /** An adapter's branches, by the linear layer's name below the block's prefix, e.g. "self_attn.q_proj". */
  lowRank?: Readonly<Record<string, LowRank>>;
}

export interface ModelConfig {
  /** The family's name in the registry (`families/families.ts`), e.g. "llama". */
  family: string;
  /** As the checkpoint names it, e.g. "LlamaForCausalLM". */
  architecture: string;
  vocabSize: number;
  hiddenSize: number;
  layers: readonly LayerConfig[];
  normEps: number;
  /** Longest sequence, in tokens. */
  contextLength: number;
  activation: "silu" | "gelu_tanh";
  /** Biases on q, k and v. */
  attentionBias: boolean;
  /** Bias on o_proj. */
  outputBias: boolean;
  mlpBias: boolean;
  /** Whether the head is the embedding matrix. */
  tiedHead: boolean;
  /** Factor of the embeddings: 1, or sqrt(hiddenSize) for Gemma. */
  embeddingScale: number;
  /** Factor of q·k before softmax. */
  queryScale: number;
  /** The cap of cap · tanh(score / cap), on attention scores; null = no cap. */
  attentionSoftcap: number | null;
  /** The same on logits. */
  finalSoftcap: number | null;
  /** 1 when RMSNorm multiplies by (1 + w), as in Gemma 2 and 3; otherwise 0. */
  normOffset: 0 | 1;
  /** Per-layer embeddings (`per-layer.ts`): `size` numbers per token and layer, and a table of `rows` rows. */
  perLayer?: { size: number; rows: number };
  /** Token ids that are embedded as the token `readAs`. */
  placeholders?: { ids: readonly number[]; readAs: number };
  /** An adapter's branch beside the head. */
  headLowRank?: LowRank;
}
