/**
 * OLMo 2 (arXiv 2501.00656): norms after attention and MLP and not before them, and norms over the whole query and key
 * projections before these are split into heads.
 */
import { add } from "../../../graph/ops/ops.ts";
import { plain, readActivation, readShape, refuseWindows } from "../settings/config-read.ts";
import type { Family } from "./family.ts";
import { attention, gatedMlp, inHeads, norm, project } from "./pieces.ts";

export const olmo2: Family = {
  name: "olmo2",
  classes: { Olmo2ForCausalLM: "olmo2" },

  read(settings) {
    const { depth, layer, model } = readShape(settings, { headDim: null, context: 2048, eps: 1e-5 });
    const bias = settings.flag("attention_bias", false);
    refuseWindows(settings, "OLMo 2");
    return {
      ...plain,
      ...model,
      layers: Array.from({ length: depth }, () => ({ ...layer, window: null })),
      activation: readActivation(settings, "hidden_act", "silu"),
      attentionBias: bias,
      outputBias: bias,
      tiedHead: settings.flag("tie_word_embeddings", false),
      queryScale: layer.headDim ** -0.5,
    };
  },

  block(block) {
    const { x } = block.inputs;
    const { query, key, value } = project(block, x);
    const attended = attention(block, {
      query: inHeads(block, norm(block, "self_attn.q_norm", query)),
      key: inHeads(block, norm(block, "self_attn.k_norm", key)),
      value: inHeads(block, value),
    });
    const middle = add(x, block.site("attn_out", norm(block, "post_attention_layernorm", attended.out)));
    const mlp = norm(block, "post_feedforward_layernorm", gatedMlp(block, middle));
    return { y: add(middle, block.site("mlp_out", mlp)), made: attended.made };
  },
};
