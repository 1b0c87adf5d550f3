/** Qwen 2 and 2.5 (arXiv 2407.10671, 2412.15115): Llama's block with biases on q, k and v, but not on the output. */
import { plain, readActivation, readShape, readUpperWindows } from "../settings/config-read.ts";
import type { Family } from "./family.ts";
import { gatedMlp, preNormBlock, projectHeads } from "./pieces.ts";

export const qwen2: Family = {
  name: "qwen2",
  classes: { Qwen2ForCausalLM: "qwen2" },

  read(settings) {
    const { depth, layer, model } = readShape(settings, { headDim: null, kvHeads: 32, context: 32_768 });
    return {
      ...plain,
      ...model,
      layers: readUpperWindows(settings, depth).map((window) => ({ ...layer, window })),
      activation: readActivation(settings, "hidden_act", "silu"),
      attentionBias: true,
      tiedHead: settings.flag("tie_word_embeddings", false),
      queryScale: layer.headDim ** -0.5,
    };
  },

  block: (block) => preNormBlock(block, projectHeads, gatedMlp),
};
