/**
 * Gemma 3 (arXiv 2503.19786), the text model alone or inside Gemma3ForConditionalGeneration. It is a Gemma 2 block with a
 * norm on each head's q and k instead of the cap on scores. Five of six layers use a sliding window, and these layers
 * have other rotary settings.
 */
import { readActivation, readOptional, readSizes, readSliding } from "../settings/config-read.ts";
import { type RopesByType, readRopesByType } from "../settings/config-rope.ts";
import { Settings } from "../settings/settings.ts";
import type { Family } from "./family.ts";
import { attention, norm, projectHeads, sandwich } from "./pieces.ts";

/** The defaults of Transformers' Gemma3TextConfig. Published containers leave out values that equal them. */
const defaults = {
  vocabSize: 262_208,
  hiddenSize: 2304,
  intermediateSize: 9216,
  depth: 26,
  heads: 8,
  kvHeads: 4,
  headDim: 256,
  context: 131_072,
};

export const gemma3: Family = {
  name: "gemma3",
  classes: { Gemma3ForCausalLM: "gemma3_text" },
  containers: { Gemma3ForConditionalGeneration: "gemma3" },

  read(settings, container) {
    const { depth, layer, model } = readSizes(settings, defaults);
    const bias = settings.flag("attention_bias", false);
    settings.only("use_bidirectional_attention", false);
    // Transformers stores this setting but does not compute with it. No published Gemma 3 has it.
    refuseWritten(settings, "attn_logit_softcapping");
    if (container !== null) refuseWritten(settings, "final_logit_softcapping");
    const ropes = readRopes(settings, layer.headDim, model.contextLength);
    const window = readOptional(settings, "sliding_window", 4096);
    const pattern = settings.count("sliding_window_pattern", 6);
    settings.inert(["_sliding_window_pattern"]);
    const sliding = readSliding(settings, depth, (index) => (index + 1) % pattern !== 0);
    if (window === null && sliding.includes(true))
      throw settings.wrong("sliding_window", "a number for the layers that slide", null);
    return {
      ...model,
      layers: sliding.map((slides) => ({
        ...layer,
        rope: slides ? ropes.local : ropes.global,
        window: slides ? window : null,
      })),
      activation: readActivation(settings, "hidden_activation", "gelu_pytorch_tanh"),
      attentionBias: bias,
      outputBias: bias,
      mlpBias: false,
      tiedHead: settings.flag("tie_word_embeddings", true),
      embeddingScale: Math.sqrt(model.hiddenSize),
      queryScale: settings.positive("query_pre_attn_scalar", 256) ** -0.5,
      attentionSoftcap: null,
      finalSoftcap: readOptional(settings, "final_logit_softcapping", null),
      normOffset: 1,
    };
  },

  block(block) {
    return sandwich(block, (x) => {
      const { query, key, value } = projectHeads(block, x);
      return attention(block, {
        query: norm(block, "self_attn.q_norm", query),
        key: norm(block, "self_attn.k_norm", key),
        value,
      });
    });
  },
};

/**
 * Transformers 5 writes rotary settings by layer type. Transformers 4 wrote two bases, and a scaling for the global
 * layers only. If a file has both, Transformers merges that scaling over the global layers' own settings.
 */
function readRopes(settings: Settings, headDim: number, context: number): RopesByType {
  const global = settings.positive("rope_theta", 1_000_000);
  const local = settings.positive("rope_local_base_freq", 10_000);
  const scaling = new Settings(settings.raw("rope_scaling") ?? {}, `${settings.where} "rope_scaling"`);
  // For this family Transformers sets "rope_type": "default" first, and then ignores the older key "type".
  if (scaling.has("type") && !scaling.has("rope_type"))
    throw scaling.wrong("type", `"rope_type", the only name that is read for a Gemma 3`, scaling.raw("type"));
  return readRopesByType(
    settings,
    { local: headDim, global: headDim },
    context,
    { local, global },
    { overGlobal: scaling.isEmpty() ? null : scaling },
  );
}

function refuseWritten(settings: Settings, key: string): void {
  if (settings.has(key)) throw settings.wrong(key, "null for a Gemma 3", settings.raw(key));
}
