/**
 * Gemma 4, the text model alone or inside Gemma4ForConditionalGeneration, as Transformers 5.23 computes it. It is a
 * Gemma 3 block with three changes: no "1 +" in its norms, no scale on attention scores, and a norm on the values. The
 * small kind adds per-layer embeddings, and its last layers use the keys and values of an earlier layer. In the large
 * kind, global layers use the key projection as values. A mixture of experts is refused.
 */
import type { Value } from "../../../graph/build/graph.ts";
import { add, mul } from "../../../graph/ops/ops.ts";
import { readActivation, readOptional, readSizes, readSliding } from "../settings/config-read.ts";
import type { ModelConfig } from "../settings/config-types.ts";
import type { Settings } from "../settings/settings.ts";
import type { Family } from "./family.ts";
import { readLayers } from "./gemma4-layers.ts";
import {
  activate,
  attend,
  attention,
  type Block,
  inHeads,
  linear,
  norm,
  plainNorm,
  projectTo,
  sandwich,
  turn,
} from "./pieces.ts";

/** The defaults of Transformers' Gemma4TextConfig. */
const defaults = {
  vocabSize: 262_144,
  hiddenSize: 2304,
  intermediateSize: 9216,
  depth: 30,
  heads: 8,
  kvHeads: 4,
  headDim: 256,
  context: 131_072,
};

export const gemma4: Family = {
  name: "gemma4",
  classes: { Gemma4ForCausalLM: "gemma4_text" },
  containers: { Gemma4ForConditionalGeneration: "gemma4" },

  read(settings, container) {
    const { depth, layer, model } = readSizes(settings, defaults);
    settings.only("enable_moe_block", false);
    settings.inert(["num_experts", "top_k_experts", "moe_intermediate_size"]);
    // "vision": the tokens of a picture attend to the whole picture. Text stays causal.
    settings.only("use_bidirectional_attention", "vision");
    const bias = settings.flag("attention_bias", false);
    const sliding = readSliding(settings, depth, (index) => (index + 1) % 6 !== 0);
    // Transformers makes the last layer global, whatever the file says.
    sliding[depth - 1] = false;
    const perLayer = readPerLayer(settings, model.vocabSize);
    const placeholders = container === null ? null : readPlaceholders(settings, container);
    return {
      ...model,
      layers: readLayers(settings, { depth, layer, sliding, context: model.contextLength }),
      ...(perLayer === null ? {} : { perLayer }),
      ...(placeholders === null ? {} : { placeholders }),
      activation: readActivation(settings, "hidden_activation", "gelu_pytorch_tanh"),
      attentionBias: bias,
      outputBias: bias,
      mlpBias: false,
      tiedHead: settings.flag("tie_word_embeddings", true),
      embeddingScale: Math.sqrt(model.hiddenSize),
      queryScale: 1,
      attentionSoftcap: null,
      finalSoftcap: readOptional(settings, "final_logit_softcapping", null),
      normOffset: 0,
    };
  },

  block(block) {
    const { config, inputs, param } = block;
    const { y, made } = sandwich(block, (x) => {
      const query = norm(block, "self_attn.q_norm", inHeads(block, projectTo(block, "q_proj", x)));
      if (inputs.shared !== null)
        return { out: attend(block, turn(block, query), inputs.shared), made: null };
      const key = inHeads(block, projectTo(block, "k_proj", x));
      const value = block.layer.valueIsKey === true ? key : inHeads(block, projectTo(block, "v_proj", x));
      return attention(block, {
        query,
        key: norm(block, "self_attn.k_norm", key),
        value: plainNorm(config, value),
      });
    });
    return { y: mul(withPerLayer(block, y), param("layer_scalar", [1])), made };
  },
};

/** Adds the token's per-layer embedding e (`per-layer.ts`): y + norm(project(act(gate(y)) ⊙ e)). */
function withPerLayer(block: Block, y: Value): Value {
  const { config, inputs } = block;
  if (inputs.perLayer === null) return y;
  const { size } = config.perLayer!;
  const gate = activate(config, linear(block, "per_layer_input_gate", y, { out: size, bias: false }));
  const gated = mul(gate, inputs.perLayer);
  const wide = linear(block, "per_layer_projection", gated, { out: config.hiddenSize, bias: false });
  return add(y, norm(block, "post_per_layer_input_norm", wide));
}

function readPerLayer(settings: Settings, vocabSize: number): NonNullable<ModelConfig["perLayer"]> | null {
  const key = "hidden_size_per_layer_input";
  const size = settings.writes(key) ? settings.wholeNumber(key, 0) : 256;
  const rows = settings.count("vocab_size_per_layer_input", 262_144);
  if (size === 0) return null;
  if (rows < vocabSize)
    throw settings.wrong("vocab_size_per_layer_input", `at least the vocabulary's ${vocabSize}`, rows);
  return { size, rows };
}

/** Ids that stand for a picture or a sound. Without a picture or sound, Transformers embeds them as padding. */
function readPlaceholders(text: Settings, container: Settings): NonNullable<ModelConfig["placeholders"]> {
  const usual = { image_token_id: 258_880, video_token_id: 258_884, audio_token_id: 258_881 };
  const ids = Object.entries(usual).map(([key, id]) => container.wholeNumber(key, id));
  return { ids, readAs: text.wholeNumber("pad_token_id", 0) };
}
