/**
 * What a checkpoint computes, in one shape for every family: the numbers an engine needs and nothing else. What may
 * differ from layer to layer is said by each layer.
 */

export type RopeScaling =
  | { type: "linear"; factor: number }
  /** Gemma 4: only the first `part` of the wavelengths turn, spaced as if all did; all are divided by `factor`. */
  | { type: "proportional"; part: number; factor: number }
  /** Llama 3.1: long wavelengths are divided by `factor`, short ones kept, the band between interpolated. */
  | {
      type: "llama3";
      factor: number;
      lowFreqFactor: number;
      highFreqFactor: number;
      /** Positions the model was first trained on; wavelengths are measured against it. */
      originalContext: number;
    }
  /** YaRN: what turns often within the original context is kept, what turns rarely is divided by `factor`. */
  | {
      type: "yarn";
      factor: number;
      originalContext: number;
      /** From so many turns on within the original context a frequency is kept; up to so many it is divided. */
      fastRotations: number;
      slowRotations: number;
      /** The band between the two begins and ends at whole dimensions. */
      truncate: boolean;
      /** Multiplies cosines and sines. */
      attentionFactor: number;
    }
  /** LongRoPE: each frequency has a divisor of its own, and another once a sequence outgrows the original context. */
  | {
      type: "longrope";
      /** [rotated / 2] */
      shortFactors: readonly number[];
      longFactors: readonly number[];
      originalContext: number;
      /** Multiplies cosines and sines. */
      attentionFactor: number;
    };

/** Rotary positions. Layers that turn alike hold the same object, so that their angles are computed once. */
export interface Rope {
  theta: number;
  /** How many numbers of a head are turned, its first ones; even. The rest pass as they are. */
  rotated: number;
  scaling: RopeScaling | null;
}

/** A branch beside a linear layer: y = x·Wᵀ + scale · ((x·Aᵀ)·Bᵀ + b), A [rank, in] and B [out, rank] (arXiv 2106.09685). */
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
  /** How many positions, itself included, a token sees; null = all before it. */
  window: number | null;
  /** An earlier layer whose keys and values this one attends to, having none of its own; null = its own. */
  kvFrom: number | null;
  /** Whether the values are the keys' projection, before it is normed and turned; false where not said. */
  valueIsKey?: boolean;
  /** An adapter's branches, by the linear layer's name below the block's prefix, e.g. "self_attn.q_proj". */
  lowRank?: Readonly<Record<string, LowRank>>;
}

export interface ModelConfig {
  /** The family's name in the registry (`architectures/index.ts`), e.g. "llama". */
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
  /** The head is the embedding matrix. */
  tiedHead: boolean;
  /** Multiplies the embeddings: 1, for Gemma sqrt(hiddenSize). */
  embeddingScale: number;
  /** Multiplies q·k before softmax. */
  queryScale: number;
  /** cap · tanh(score / cap) on attention scores and on logits; null = none. */
  attentionSoftcap: number | null;
  finalSoftcap: number | null;
  /** Gemma's RMSNorm multiplies by (1 + w). */
  normOffset: 0 | 1;
  /** Per-layer embeddings (`per-layer.ts`): numbers a token and layer, rows of their table; none where not said. */
  perLayer?: { size: number; rows: number };
  /** Token ids that are embedded as another one; none where not said. */
  placeholders?: { ids: readonly number[]; readAs: number };
  /** An adapter's branch beside the head. */
  headLowRank?: LowRank;
}
