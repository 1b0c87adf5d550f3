/**
 * The architectures of llama.cpp that Fathom opens: Transformers' class of each, and how its files differ. The settings
 * are written as a config.json of that class and given to its reader, so that each family has one reader.
 */
import { badInput } from "../../../core/errors.ts";
import type { Settings } from "../../architecture/settings/settings.ts";
import type { GgufHeader } from "./header.ts";

export interface GgufArchitecture {
  /** The name of Transformers' class. */
  architecture: string;
  /** The settings of config.json that not all architectures share, from the metadata keys that begin with "NAME.". */
  read: (settings: Settings, file: Shared) => Record<string, unknown>;
  /** llama.cpp's name → Hugging Face's name of parts of a block that differ from Llama's. */
  parts: Readonly<Record<string, string>>;
  /**
   * Whether q and k are stored with the two halves of each head interleaved by row. llama.cpp then rotates neighbours.
   */
  interleaved: boolean;
  /** Whether norms are stored as 1 + w. */
  normsPlusOne: boolean;
}

/** Facts about a file that are known before the architecture's own settings are read. */
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

/** Mistral's files have this architecture too. */
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

/** The files do not give the scale of scores. Like llama.cpp, Fathom recognizes the 27B models by their depth. */
function queryScalar({ hiddenSize, heads, headDim, depth }: Shared, deepest: number): number {
  return depth === deepest ? hiddenSize / heads : headDim;
}

/** Every sixth layer is global, unless the file gives another number or a list of layers. */
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
