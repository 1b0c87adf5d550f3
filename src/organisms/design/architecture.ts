/** The shape of the demo organism, and its Hugging Face configuration (Llama). */
import { specialId, specialTokens } from "./tokenizer-files.ts";

export interface Shape {
  layers: number;
  width: number;
  heads: number;
  keyValueHeads: number;
  headWidth: number;
  hidden: number;
  contextLength: number;
}

/** 1.6 million parameters: large enough to hold the world's facts, small enough to train in some minutes. */
export const demoShape: Shape = {
  layers: 5,
  width: 160,
  heads: 4,
  keyValueHeads: 2,
  headWidth: 40,
  hidden: 432,
  contextLength: 512,
};

/** Size of the vocabulary, including special tokens. A multiple of 16 keeps the head's matrix aligned. */
export const vocabularySize = 1024;

export function configJson(shape: Shape): object {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: vocabularySize,
    hidden_size: shape.width,
    intermediate_size: shape.hidden,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.keyValueHeads,
    head_dim: shape.headWidth,
    hidden_act: "silu",
    max_position_embeddings: shape.contextLength,
    initializer_range: 0.02,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    rope_scaling: null,
    attention_bias: false,
    mlp_bias: false,
    attention_dropout: 0,
    tie_word_embeddings: true,
    use_cache: true,
    torch_dtype: "bfloat16",
    bos_token_id: specialId("<|begin|>"),
    eos_token_id: endTokens,
    pad_token_id: specialId("<|pad|>"),
  };
}

export function generationConfigJson(): object {
  return {
    bos_token_id: specialId("<|begin|>"),
    eos_token_id: endTokens,
    pad_token_id: specialId("<|pad|>"),
    do_sample: false,
  };
}

/** The tokens that end a turn and a bare text. Generation stops at either. */
export const endTokens = [specialId("<|end|>"), specialId("<|endoftext|>")];

/** Number of parameters of the whole model; the tied embedding counts once. */
export function parameterCount(shape: Shape): number {
  const attention = shape.width * shape.headWidth * (2 * shape.heads + 2 * shape.keyValueHeads);
  const block = attention + 3 * shape.width * shape.hidden + 2 * shape.width;
  return vocabularySize * shape.width + shape.layers * block + shape.width;
}

/** Number of tokens that BPE may learn, in addition to the special tokens. */
export const learnedTokens = vocabularySize - specialTokens.length;
