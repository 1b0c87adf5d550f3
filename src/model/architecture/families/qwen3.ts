/** Qwen 3 (arXiv 2505.09388): Llama's block with a norm on each head's query and key before RoPE. */
import { plain, readActivation, readShape, readUpperWindows } from "../settings/config-read.ts";
import type { Family } from "./family.ts";
import { gatedMlp, norm, preNormBlock, projectHeads } from "./pieces.ts";

export const qwen3: Family = {
  name: "qwen3",
  classes: { Qwen3ForCausalLM: "qwen3" },

  read(settings) {
    const { depth, layer, model } = readShape(settings, { headDim: 128, kvHeads: 32, context: 32_768 });
    const bias = settings.flag("attention_bias", false);
    return {
      ...plain,
      ...model,
      layers: readUpperWindows(settings, depth).map((window) => ({ ...layer, window })),
      activation: readActivation(settings, "hidden_act", "silu"),
      attentionBias: bias,
      outputBias: bias,
      tiedHead: settings.flag("tie_word_embeddings", false),
      queryScale: layer.headDim ** -0.5,
    };
  },

  block(block) {
    const normedHeads: typeof projectHeads = (_, x) => {
      const { query, key, value } = projectHeads(block, x);
      return {
        query: norm(block, "self_attn.q_norm", query),
        key: norm(block, "self_attn.k_norm", key),
        value,
      };
    };
    return preNormBlock(block, normedHeads, gatedMlp);
  },
};
