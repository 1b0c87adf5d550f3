/**
 * The architectures of llama.cpp that Fathom opens: which of Transformers' classes each is, and what its files say otherwise.
 * The settings are handed to that class's own reader as a config.json would hold them, so each family is read once.
 */
import { badInput } from "../../../core/errors.ts";
import type { Settings } from "../../architecture/settings/settings.ts";
import type { GgufHeader } from "./header.ts";

export interface GgufArchitecture {
  /** Transformers' class. */
  architecture: string;
  /** What config.json has beyond the settings that all share, from the metadata below "NAME.". */
  read: (settings: Settings, file: Shared) => Record<string, unknown>;
  /** Hugging Face's names for parts of a block, where they differ from a Llama's. */
  parts: Readonly<Record<string, string>>;
  /** The rows of q and k are stored with the halves of each head interleaved: llama.cpp turns neighbours there. */
  interleaved: boolean;
  /** Norms are stored as 1 + w. */
  normsPlusOne: boolean;
}

/** What is known of a file before its own settings are read. */
export interface Shared {
  hiddenSize: number;
  heads: number;
  headDim: number;
  depth: number;
  /** Whether the file has a tensor of this name. */
  has: (tensor: string) => boolean;
}

const llamaLike = { parts: {}, interleaved: false, normsPlusOne: false, read: () => ({}) } as const;

const gemmaNorms = {
  post_attention_norm: "post_attention_layernorm",
  ffn_norm: "pre_feedforward_layernorm",
  post_ffw_norm: "post_feedforward_layernorm",
};

/** Mistral's files are a "llama". */
const llama: GgufArchitecture = {
  ...llamaLike,
  architecture: "LlamaForCausalLM",
  interleaved: true,
  read: (_, { has }) => ({
    attention_bias: has("blk.0.attn_q.bias"),
    mlp_bias: has("blk.0.ffn_gate.bias"),
  }),
};

const phi3: GgufArchitecture = {
  ...llamaLike,
  architecture: "Phi3ForCausalLM",
  parts: { attn_qkv: "self_attn.qkv_proj", ffn_up: "mlp.gate_up_proj" },
  read: (settings, { headDim }) => ({
    partial_rotary_factor: settings.count("rope.dimension_count", headDim) / headDim,
    original_max_position_embeddings: settings.count("rope.scaling.original_context_length", 4096),
    sliding_window: settings.positiveOrNull("attention.sliding_window"),
  }),
};

const gemma2: GgufArchitecture = {
  architecture: "Gemma2ForCausalLM",
  parts: gemmaNorms,
  interleaved: false,
  normsPlusOne: true,
  read: (settings, shared) => ({
    query_pre_attn_scalar: queryScalar(shared, 46),
    sliding_window: settings.count("attention.sliding_window", 4096),
    attn_logit_softcapping: settings.positive("attn_logit_softcapping", 50),
    final_logit_softcapping: settings.positive("final_logit_softcapping", 30),
  }),
};

const gemma3: GgufArchitecture = {
  ...gemma2,
  architecture: "Gemma3ForCausalLM",
  read: (settings, shared) => ({
    query_pre_attn_scalar: queryScalar(shared, 62),
    sliding_window: settings.count("attention.sliding_window"),
    rope_local_base_freq: settings.positive("rope.freq_base_swa", 10_000),
    final_logit_softcapping: settings.positiveOrNull("final_logit_softcapping"),
    ...slidingPattern(settings, shared),
  }),
};

/** No file says what scores are scaled by: llama.cpp knows the 27B models, by their depth, and so do we. */
function queryScalar({ hiddenSize, heads, headDim, depth }: Shared, deepest: number): number {
  return depth === deepest ? hiddenSize / heads : headDim;
}

/** Every sixth layer sees everything, unless the file counts otherwise or says it layer by layer. */
function slidingPattern(settings: Settings, { depth }: Shared): Record<string, unknown> {
  const key = "attention.sliding_window_pattern";
  const pattern = settings.raw(key);
  if (!Array.isArray(pattern)) return { sliding_window_pattern: settings.count(key, 6) };
  if (pattern.length !== depth) throw settings.wrong(key, `${depth} layers`, pattern);
  return { layer_types: pattern.map((slides) => (slides ? "sliding_attention" : "full_attention")) };
}

const architectures: Readonly<Record<string, GgufArchitecture>> = {
  llama,
  qwen2: { ...llamaLike, architecture: "Qwen2ForCausalLM" },
  qwen3: { ...llamaLike, architecture: "Qwen3ForCausalLM" },
  phi3,
  gemma2,
  gemma3,
};

/** @throws FathomError for an architecture that Fathom does not compute */
export function ggufArchitecture({ path, metadata }: Pick<GgufHeader, "path" | "metadata">): {
  name: string;
  says: GgufArchitecture;
} {
  const name = metadata.get("general.architecture");
  if (typeof name === "string" && Object.hasOwn(architectures, name))
    return { name, says: architectures[name]! };
  throw badInput(
    `${path} "general.architecture"`,
    Object.keys(architectures).join(", "),
    name === undefined ? "nothing" : JSON.stringify(name),
    "a model of a family that Fathom computes",
  );
}
