/**
 * What the readers of config.json share (each family's own is in its file in `architectures/`). Defaults are those of
 * Transformers' configuration classes.
 */
import type { LayerConfig, ModelConfig } from "./config-types.ts";
import type { Settings } from "./settings.ts";

/** The sizes that every family names alike; a layer is `layer`, with the family's rotary settings and windows. */
export interface Sizes {
  depth: number;
  layer: Omit<LayerConfig, "rope" | "window">;
  model: Pick<ModelConfig, "vocabSize" | "hiddenSize" | "normEps" | "contextLength">;
}

/** What a configuration may leave out. A headDim of null is hidden_size / num_attention_heads. */
export interface SizeDefaults {
  headDim: number | null;
  context: number;
  vocabSize?: number;
  hiddenSize?: number;
  intermediateSize?: number;
  depth?: number;
  heads?: number;
  /** The number of heads where not given. */
  kvHeads?: number;
}

export function readSizes(settings: Settings, defaults: SizeDefaults): Sizes {
  const hiddenSize = settings.count("hidden_size", defaults.hiddenSize);
  const heads = settings.count("num_attention_heads", defaults.heads);
  const kvHeads = settings.count("num_key_value_heads", defaults.kvHeads ?? heads);
  const headDim = settings.count("head_dim", defaults.headDim ?? hiddenSize / heads);
  checkHeads(settings, heads, kvHeads, headDim);
  return {
    depth: settings.count("num_hidden_layers", defaults.depth),
    layer: {
      heads,
      kvHeads,
      headDim,
      intermediateSize: settings.count("intermediate_size", defaults.intermediateSize),
      kvFrom: null,
    },
    model: {
      vocabSize: settings.count("vocab_size", defaults.vocabSize),
      hiddenSize,
      normEps: settings.positive("rms_norm_eps", 1e-6),
      contextLength: settings.count("max_position_embeddings", defaults.context),
    },
  };
}

/** @throws FathomError for heads that cannot be grouped, or turned in pairs */
export function checkHeads(settings: Settings, heads: number, kvHeads: number, headDim: number): void {
  if (heads % kvHeads !== 0)
    throw settings.wrong("num_key_value_heads", `a divisor of the ${heads} attention heads`, kvHeads);
  if (headDim % 2 !== 0) throw settings.wrong("head_dim", "an even number, for rotary positions", headDim);
}

export function readActivation(settings: Settings, key: string, fallback: string): ModelConfig["activation"] {
  const name = settings.text(key, fallback);
  if (name === "silu" || name === "swish") return "silu";
  if (name === "gelu_pytorch_tanh" || name === "gelu_new") return "gelu_tanh";
  throw settings.wrong(key, '"silu" or "gelu_pytorch_tanh"', name);
}

/** Absent is the family's default; a written null is none. */
export function readOptional(settings: Settings, key: string, fallback: number | null): number | null {
  return settings.writes(key) ? settings.positiveOrNull(key) : fallback;
}

/** Which layers look through a window, by "layer_types", else by the family's own rule. */
export function readSliding(
  settings: Settings,
  depth: number,
  otherwise: (layer: number) => boolean,
): boolean[] {
  const types = settings.raw("layer_types");
  if (types === undefined) return Array.from({ length: depth }, (_, layer) => otherwise(layer));
  const known: unknown[] = ["full_attention", "sliding_attention"];
  if (!Array.isArray(types) || types.length !== depth || !types.every((type) => known.includes(type)))
    throw settings.wrong("layer_types", `${depth} names among ${known.join(", ")}`, types);
  return types.map((type) => type === "sliding_attention");
}

/** For a family that attends to everything: a window in its configuration means a model that is not this family. */
export function refuseWindows(settings: Settings, family: string): void {
  if (settings.has("sliding_window"))
    throw settings.wrong("sliding_window", `null for a ${family}`, settings.raw("sliding_window"));
  const types = settings.raw("layer_types");
  if (types !== undefined && !(Array.isArray(types) && types.every((type) => type === "full_attention")))
    throw settings.wrong("layer_types", `"full_attention" in every layer of a ${family}`, types);
}
