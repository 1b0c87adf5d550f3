/**
 * The layers of Gemma 4: the heads of each layer type in both spellings, the layers whose values are their keys, and the
 * last layers, which have no keys and values of their own and use those of an earlier layer.
 */
import { badInput } from "../../../core/errors.ts";
import { checkHeads } from "../settings/config-read.ts";
import {
  layerScalings,
  proportionalScaling,
  type RopesByType,
  readRopesByType,
} from "../settings/config-rope.ts";
import type { LayerConfig } from "../settings/config-types.ts";
import type { Settings } from "../settings/settings.ts";

interface Outline {
  depth: number;
  layer: Omit<LayerConfig, "rope" | "window">;
  /** Whether a layer uses a sliding window, one per layer. */
  sliding: readonly boolean[];
  context: number;
}

export function readLayers(settings: Settings, { depth, layer, sliding, context }: Outline): LayerConfig[] {
  const valueIsKey = settings.flag("attention_k_eq_v", false);
  const { local, global } = settings.writes("per_layer_config")
    ? readHeadsByLayer(settings.nested("per_layer_config"), layer, sliding)
    : { local: layer, global: { ...layer, ...readGlobalHeads(settings, layer.kvHeads, valueIsKey) } };
  for (const { heads, kvHeads, headDim } of [local, global]) checkHeads(settings, heads, kvHeads, headDim);
  const ropes = readRopes(settings, { local: local.headDim, global: global.headDim }, context);
  const window = settings.count("sliding_window", 512);
  const sharing = settings.wholeNumber("num_kv_shared_layers", 0);
  const first = depth - sharing;
  const widens = settings.flag("use_double_wide_mlp", false);
  return sliding.map((slides, index): LayerConfig => {
    const own = slides
      ? { ...local, rope: ropes.local, window }
      : { ...global, rope: ropes.global, window: null };
    if (index < first) return valueIsKey && !slides ? { ...own, valueIsKey } : own;
    const kvFrom = sliding.lastIndexOf(slides, first - 1);
    if (first < 1 || kvFrom < 0)
      throw settings.wrong("num_kv_shared_layers", "a layer of each type before those that share", sharing);
    return { ...own, kvFrom, intermediateSize: own.intermediateSize * (widens ? 2 : 1) };
  });
}

type HeadSizes = Pick<LayerConfig, "headDim" | "kvHeads">;

/** The head sizes of the global layers, as published checkpoints write them. */
function readGlobalHeads(settings: Settings, kvHeads: number, valueIsKey: boolean): HeadSizes {
  const own = settings.has("num_global_key_value_heads")
    ? settings.count("num_global_key_value_heads")
    : null;
  // Transformers reads the number of key/value heads for the large kind only.
  return { headDim: settings.count("global_head_dim", 512), kvHeads: (valueIsKey ? own : null) ?? kvHeads };
}

/** The same as later versions of Transformers 5 save them: per layer, where they differ from the model's. */
function readHeadsByLayer(
  written: Settings,
  layer: Outline["layer"],
  sliding: readonly boolean[],
): Record<keyof RopesByType, Outline["layer"]> {
  const headsOf = (index: number): HeadSizes => {
    const key = written.keys().find((name) => /^\d+$/.test(name) && Number(name) === index);
    if (key === undefined) return layer;
    const own = written.nested(key);
    const sizes = {
      headDim: own.count("head_dim", layer.headDim),
      kvHeads: own.count("num_key_value_heads", layer.kvHeads),
    };
    own.finish();
    return sizes;
  };
  const all = sliding.map((_, index) => headsOf(index));
  const alike = (slides: boolean): Outline["layer"] => {
    const [first = layer, ...rest] = all.filter((_, index) => sliding[index] === slides);
    for (const { headDim, kvHeads } of rest)
      if (headDim !== first.headDim || kvHeads !== first.kvHeads)
        throw badInput(written.where, "layers of one type with heads alike", "layers that differ");
    return { ...layer, headDim: first.headDim, kvHeads: first.kvHeads };
  };
  written.finish();
  return { local: alike(true), global: alike(false) };
}

function readRopes(
  settings: Settings,
  headDims: Record<keyof RopesByType, number>,
  context: number,
): RopesByType {
  if (settings.has("rope_parameters")) {
    const kinds = { ...layerScalings, proportional: proportionalScaling };
    return readRopesByType(settings, headDims, context, { local: null, global: null }, { kinds });
  }
  return {
    local: { theta: 10_000, rotated: headDims.local, scaling: null },
    global: {
      theta: 1_000_000,
      rotated: headDims.global,
      scaling: { type: "proportional", part: 0.25, factor: 1 },
    },
  };
}
