/** Mistral (arXiv 2310.06825): Llama's block without biases. The first version has a sliding window in every layer. */
import { plain, readActivation, readOptional, readShape, windowEverywhere } from "../settings/config-read.ts";
import type { Family } from "./family.ts";
import { gatedMlp, preNormBlock, projectHeads } from "./pieces.ts";

export const mistral: Family = {
  name: "mistral",
  classes: { MistralForCausalLM: "mistral" },

  read(settings) {
    const { depth, layer, model } = readShape(settings, { headDim: null, kvHeads: 8, context: 131_072 });
    const window = windowEverywhere(settings, depth, readOptional(settings, "sliding_window", 4096));
    return {
      ...plain,
      ...model,
      layers: Array.from({ length: depth }, () => ({ ...layer, window })),
      activation: readActivation(settings, "hidden_act", "silu"),
      tiedHead: settings.flag("tie_word_embeddings", false),
      queryScale: layer.headDim ** -0.5,
    };
  },

  block: (block) => preNormBlock(block, projectHeads, gatedMlp),
};
