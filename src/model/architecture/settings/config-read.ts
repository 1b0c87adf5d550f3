/**
 * The parts of reading config.json that families share. Each family's own part is in its file in `families/`. Defaults
 * are those of Transformers' configuration classes.
 */
import { readRope } from "./config-rope.ts";
import type { LayerConfig, ModelConfig } from "./config-types.ts";
import type { Settings } from "./settings.ts";

/** The values of a family without these features, which is the usual case. A family with one of them overrides it. */
export const plain = {
  attentionBias: false,
  outputBias: false,
  mlpBias: false,
  embeddingScale: 1,
  attentionSoftcap: null,
  finalSoftcap: null,
  normOffset: 0,
} as const;

/** The sizes that all families spell the same way. A layer is `layer` plus the family's rotary settings and window. */
export interface Sizes {
  depth: number;
  layer: Omit<LayerConfig, "rope" | "window">;
  model: Pick<ModelConfig, "vocabSize" | "hiddenSize" | "normEps" | "contextLength">;
}

/**
 * Defaults for settings that a configuration may leave out. A headDim of null means hidden_size / num_attention_heads.
 */
export interface SizeDefaults {
  headDim: number | null;
  context: number;
  vocabSize?: number;
  hiddenSize?: number;
  intermediateSize?: number;
  depth?: number;
  heads?: number;
  /** The number of query heads when not given. */
  kvHeads?: number;
  /** 1e-6 when not given. */
  eps?: number;
}

export function readSizes(settings: Settings, defaults: SizeDefaults): Sizes {
  const hiddenSize = settings.count("hidden_size", defaults.hiddenSize);
  const heads = settings.count("num_attention_heads", defaults.heads);
  // A written null means as many as there are query heads, whatever the family's default is.
  const usualKvHeads = settings.writes("num_key_value_heads") ? heads : (defaults.kvHeads ?? heads);
  const kvHeads = settings.count("num_key_value_heads", usualKvHeads);
  const headDim = settings.count("head_dim", defaults.headDim ?? hiddenSize / heads);
  checkHeads(settings, heads, kvHeads, headDim);
  return {
    depth: settings.depth("num_hidden_layers", defaults.depth),
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
      normEps: settings.positive("rms_norm_eps", defaults.eps ?? 1e-6),
      contextLength: settings.count("max_position_embeddings", defaults.context),
    },
  };
}

/** @throws FathomError for heads that cannot be grouped, or that RoPE cannot rotate in pairs */
export function checkHeads(settings: Settings, heads: number, kvHeads: number, headDim: number): void {
  if (heads % kvHeads !== 0)
    throw settings.wrong("num_key_value_heads", `a divisor of the ${heads} attention heads`, kvHeads);
  if (headDim % 2 !== 0) throw settings.wrong("head_dim", "an even number, for rotary positions", headDim);
}

/** Like `readSizes`, for a family whose layers all have the same rotary settings. */
export function readShape(
  settings: Settings,
  defaults: SizeDefaults,
): Sizes & { layer: Omit<LayerConfig, "window"> } {
  const { depth, layer, model } = readSizes(settings, defaults);
  const rope = readRope(settings, layer.headDim, model.contextLength);
  // YaRN stretches the context although max_position_embeddings stays the same, as in the recipe on Qwen's model cards.
  const stretched = rope.scaling?.type === "yarn" ? rope.scaling.factor * rope.scaling.originalContext : 0;
  const contextLength = Math.max(model.contextLength, Math.floor(stretched));
  return { depth, layer: { ...layer, rope }, model: { ...model, contextLength } };
}

export function readActivation(settings: Settings, key: string, fallback: string): ModelConfig["activation"] {
  const name = settings.text(key, fallback);
  if (name === "silu" || name === "swish") return "silu";
  if (name === "gelu_pytorch_tanh" || name === "gelu_new") return "gelu_tanh";
  throw settings.wrong(key, '"silu" or "gelu_pytorch_tanh"', name);
}

/** A missing key gives the family's default. A written null gives null. */
export function readOptional(settings: Settings, key: string, fallback: number | null): number | null {
  return settings.writes(key) ? settings.positiveOrNull(key) : fallback;
}

/** Whether each layer uses a sliding window: from "layer_types", or by the family's rule when that is missing. */
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

/** Qwen's windows: "use_sliding_window" switches them on, from layer "max_window_layers" up, or by "layer_types". */
export function readUpperWindows(settings: Settings, depth: number): (number | null)[] {
  const on = settings.flag("use_sliding_window", false);
  const written = readOptional(settings, "sliding_window", 4096);
  const window = on ? written : null;
  const full = settings.has("max_window_layers") ? settings.wholeNumber("max_window_layers") : 28;
  const sliding = readSliding(settings, depth, (layer) => window !== null && layer >= full);
  if (window === null && sliding.includes(true))
    throw settings.wrong("layer_types", '"full_attention" without a window', settings.raw("layer_types"));
  return sliding.map((slides) => (slides ? window : null));
}

/** For a family in which all layers have the same window, or all have none. */
export function windowEverywhere(settings: Settings, depth: number, window: number | null): number | null {
  const sliding = readSliding(settings, depth, () => window !== null);
  if (sliding.some((slides) => slides !== (window !== null)))
    throw settings.wrong("layer_types", "the same in every layer", settings.raw("layer_types"));
  return window;
}

/** For a family without windows. A window in its configuration means that the model is not of this family. */
export function refuseWindows(settings: Settings, family: string): void {
  if (settings.has("sliding_window"))
    throw settings.wrong("sliding_window", `null for this family, ${family}`, settings.raw("sliding_window"));
  const types = settings.raw("layer_types");
  if (types !== undefined && !(Array.isArray(types) && types.every((type) => type === "full_attention")))
    throw settings.wrong("layer_types", `"full_attention" in every layer of ${family}`, types);
}
