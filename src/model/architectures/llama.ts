/** Llama (arXiv 2302.13971, 2407.21783): pre-norm, grouped-query attention, SwiGLU. */
import { add } from "../../graph/ops/index.ts";
import { readActivation, readSizes, refuseWindows } from "../config-read.ts";
import { readRope } from "../config-rope.ts";
import type { Family } from "./family.ts";
import { attention, gatedMlp, norm, projectHeads } from "./pieces.ts";

export const llama: Family = {
  name: "llama",
  classes: { LlamaForCausalLM: "llama" },

  read(settings) {
    const { depth, layer, model } = readSizes(settings, { headDim: null, context: 2048 });
    const rope = readRope(settings, layer.headDim, model.contextLength);
    const bias = settings.flag("attention_bias", false);
    settings.only("rope_interleaved", false);
    settings.only("is_llama_config", true);
    refuseWindows(settings, "Llama");
    return {
      ...model,
      layers: Array.from({ length: depth }, () => ({ ...layer, rope, window: null })),
      activation: readActivation(settings, "hidden_act", "silu"),
      attentionBias: bias,
      outputBias: bias,
      mlpBias: settings.flag("mlp_bias", false),
      tiedHead: settings.flag("tie_word_embeddings", false),
      embeddingScale: 1,
      queryScale: layer.headDim ** -0.5,
      attentionSoftcap: null,
      finalSoftcap: null,
      normOffset: 0,
    };
  },

  block(block) {
    const { x } = block.inputs;
    const attended = attention(block, projectHeads(block, norm(block, "input_layernorm", x)));
    const middle = add(x, attended.out);
    const mlp = gatedMlp(block, norm(block, "post_attention_layernorm", middle));
    return { y: add(middle, mlp), made: attended.made };
  },
};
