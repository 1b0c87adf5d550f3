/**
 * What the readers of config.json share (each family's own is in its file in `architectures/`). Defaults are those of
 * Transformers' configuration classes.
 */
import { readRope } from "./config-rope.ts";
import type { LayerConfig, ModelConfig } from "./config-types.ts";
import type { Settings } from "./settings.ts";

/** What most families do without; a family that has one of these says so after it. */
export const plain = {
  attentionBias: false,
  outputBias: false,
  mlpBias: false,
  embeddingScale: 1,
  attentionSoftcap: null,
  finalSoftcap: null,
  normOffset: 0,
} as const;

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
  /** 1e-6 where not given. */
  eps?: number;
}

export function readSizes(settings: Settings, defaults: SizeDefaults): Sizes {
  const hiddenSize = settings.count("hidden_size", defaults.hiddenSize);
  const heads = settings.count("num_attention_heads", defaults.heads);
  // A written null is as many as there are heads, whatever the family assumes.
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

/** @throws FathomError for heads that cannot be grouped, or turned in pairs */
export function checkHeads(settings: Settings, heads: number, kvHeads: number, headDim: number): void {
  if (heads % kvHeads !== 0)
    throw settings.wrong("num_key_value_heads", `a divisor of the ${heads} attention heads`, kvHeads);
  if (headDim % 2 !== 0) throw settings.wrong("head_dim", "an even number, for rotary positions", headDim);
}

/** …of a family whose layers all turn alike. */
export function readShape(
  settings: Settings,
  defaults: SizeDefaults,
): Sizes & { layer: Omit<LayerConfig, "window"> } {
  const { depth, layer, model } = readSizes(settings, defaults);
  const rope = readRope(settings, layer.headDim, model.contextLength);
  // YaRN is switched on without touching max_position_embeddings, as Qwen's model cards say to.
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

/** Qwen's: a window that "use_sliding_window" switches on, from layer "max_window_layers" up or by "layer_types". */
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

/** For a family whose layers all look through the one window there is, or none. */
export function windowEverywhere(settings: Settings, depth: number, window: number | null): number | null {
  const sliding = readSliding(settings, depth, () => window !== null);
  if (sliding.some((slides) => slides !== (window !== null)))
    throw settings.wrong("layer_types", "the same in every layer", settings.raw("layer_types"));
  return window;
}

/** For a family that attends to everything: a window in its configuration means a model that is not this family. */
export function refuseWindows(settings: Settings, family: string): void {
  if (settings.has("sliding_window"))
    throw settings.wrong("sliding_window", `null for this family, ${family}`, settings.raw("sliding_window"));
  const types = settings.raw("layer_types");
  if (types !== undefined && !(Array.isArray(types) && types.every((type) => type === "full_attention")))
    throw settings.wrong("layer_types", `"full_attention" in every layer of ${family}`, types);
}
