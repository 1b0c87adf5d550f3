/**
 * Phi-3, 3.5 and Phi-4-mini (arXiv 2404.14219, 2503.01743): Llama's block with one projection for q, k and v, one for
 * gate and up, and LongRoPE. Some of these models rotate only a part of each head.
 */
import { mul, split } from "../../../graph/ops/ops.ts";
import { plain, readActivation, readOptional, readSizes, windowEverywhere } from "../settings/config-read.ts";
import { longRope, readRope, type ScalingReader } from "../settings/config-rope.ts";
import type { Family } from "./family.ts";
import { activate, inHeads, linear, preNormBlock } from "./pieces.ts";

export const phi3: Family = {
  name: "phi3",
  classes: { Phi3ForCausalLM: "phi3" },

  read(settings) {
    const { depth, layer, model } = readSizes(settings, { headDim: null, context: 4096, eps: 1e-5 });
    const window = windowEverywhere(settings, depth, readOptional(settings, "sliding_window", null));
    const rope = readRope(settings, layer.headDim, model.contextLength, {
      kinds: scalings,
      partial: true,
      original: 4096,
    });
    settings.inert(["resid_pdrop", "embd_pdrop"]);
    return {
      ...plain,
      ...model,
      layers: Array.from({ length: depth }, () => ({ ...layer, rope, window })),
      activation: readActivation(settings, "hidden_act", "silu"),
      tiedHead: settings.flag("tie_word_embeddings", false),
      queryScale: layer.headDim ** -0.5,
    };
  },

  block: (block) =>
    preNormBlock(
      block,
      (_, x) => {
        const { heads, kvHeads, headDim } = block.layer;
        const sizes = [heads * headDim, kvHeads * headDim, kvHeads * headDim];
        const out = sizes.reduce((total, size) => total + size);
        const joined = linear(block, "self_attn.qkv_proj", x, { out, bias: false });
        const [query, key, value] = split(joined, 2, sizes).map((flat) => inHeads(block, flat));
        return { query: query!, key: key!, value: value! };
      },
      (_, x) => {
        const { config, layer } = block;
        const wide = layer.intermediateSize;
        const joined = linear(block, "mlp.gate_up_proj", x, { out: 2 * wide, bias: false });
        const [gate, up] = split(joined, 2, [wide, wide]);
        const inner = mul(activate(config, gate!), up!);
        return linear(block, "mlp.down_proj", inner, { out: config.hiddenSize, bias: false });
      },
    ),
};

/** "su" and "yarn" are LongRoPE's names in older files of this family. */
const scalings: Readonly<Record<string, ScalingReader>> = {
  default: () => null,
  longrope: longRope,
  su: longRope,
  yarn: longRope,
};
