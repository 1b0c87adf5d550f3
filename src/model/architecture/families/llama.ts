/** Llama (arXiv 2302.13971, 2407.21783): pre-norm, grouped-query attention, SwiGLU. */
import { plain, readActivation, readShape, refuseWindows } from "../settings/config-read.ts";
import type { Family } from "./family.ts";
import { gatedMlp, preNormBlock, projectHeads } from "./pieces.ts";

export const llama: Family = {
  name: "llama",
  classes: { LlamaForCausalLM: "llama" },

  read(settings) {
    const { depth, layer, model } = readShape(settings, { headDim: null, context: 2048 });
    const bias = settings.flag("attention_bias", false);
    settings.only("rope_interleaved", false);
    settings.only("is_llama_config", true);
    refuseWindows(settings, "Llama");
    return {
      ...plain,
      ...model,
      layers: Array.from({ length: depth }, () => ({ ...layer, window: null })),
      activation: readActivation(settings, "hidden_act", "silu"),
      attentionBias: bias,
      outputBias: bias,
      mlpBias: settings.flag("mlp_bias", false),
      tiedHead: settings.flag("tie_word_embeddings", false),
      queryScale: layer.headDim ** -0.5,
    };
  },

  block: (block) => preNormBlock(block, projectHeads, gatedMlp),
};
