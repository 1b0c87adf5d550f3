/**
 * Gemma 2 (arXiv 2408.00118): a norm before and after attention and MLP, which multiplies by (1 + w); GeGLU with the tanh
 * approximation; capped attention scores; a sliding window in every other layer.
 */
import { readActivation, readOptional, readShape, readSliding } from "../settings/config-read.ts";
import type { Family } from "./family.ts";
import { attention, projectHeads, sandwich } from "./pieces.ts";

export const gemma2: Family = {
  name: "gemma2",
  classes: { Gemma2ForCausalLM: "gemma2" },

  read(settings) {
    const { depth, layer, model } = readShape(settings, { headDim: 256, kvHeads: 4, context: 8192 });
    const bias = settings.flag("attention_bias", false);
    // Gemma 2 uses hidden_activation. Its own code does not read hidden_act, which is left over from earlier files.
    settings.inert(["hidden_act", "cache_implementation", "sliding_window_size"]);
    settings.only("use_bidirectional_attention", false);
    settings.only("sliding_window_pattern", 2);
    settings.only("_sliding_window_pattern", 2);
    const window = readOptional(settings, "sliding_window", 4096);
    const sliding = readSliding(settings, depth, (index) => index % 2 === 0);
    return {
      ...model,
      layers: sliding.map((slides) => ({ ...layer, window: slides ? window : null })),
      activation: readActivation(settings, "hidden_activation", "gelu_pytorch_tanh"),
      attentionBias: bias,
      outputBias: bias,
      mlpBias: false,
      tiedHead: settings.flag("tie_word_embeddings", true),
      embeddingScale: Math.sqrt(model.hiddenSize),
      queryScale: settings.positive("query_pre_attn_scalar", 256) ** -0.5,
      attentionSoftcap: readOptional(settings, "attn_logit_softcapping", 50),
      finalSoftcap: readOptional(settings, "final_logit_softcapping", 30),
      normOffset: 1,
    };
  },

  block(block) {
    return sandwich(block, (x) => attention(block, projectHeads(block, x)));
  },
};
