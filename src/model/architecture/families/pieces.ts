/**
 * The parts that families share, as pure graph functions: norms, grouped-query attention over a cache, and a gated MLP. A
 * block is the same graph for inference, for prefill and for training. With a past of length 0 it reads whole sequences.
 *
 * Attention is deliberately written in primitives. ONNX Runtime's fused GroupQueryAttention was slower here at every
 * batch size above one, it copies the whole cache, and it could not be differentiated.
 */

import type { Graph, Value } from "../../../graph/build/graph.ts";
import {
  add,
  concat,
  geluTanh,
  type HeldMatrix,
  matmul,
  mul,
  reshape,
  rmsNorm,
  rope,
  silu,
  softcap,
  softmax,
  split,
  splitLike,
  timesMatrix,
  transpose,
} from "../../../graph/ops/ops.ts";
import type { LayerConfig, LowRank, ModelConfig } from "../settings/config-types.ts";
import type { AtSite } from "../slots/slots.ts";

/** A weight of this block, by its name below the block's prefix. It is float32, whatever dtype the file has. */
export interface Param {
  (name: string, dims: readonly number[]): Value;
  /** A matrix [out, in] that is only used as a factor of matrix products, in the form in which it is held. */
  matrix(name: string, dims: readonly [out: number, in_: number]): HeldMatrix;
}

/** Axes: B rows, T new tokens per row, S past positions, d d_model, hd head_dim. The sizes of heads are the layer's. */
export interface BlockInputs {
  graph: Graph;
  /** Residual stream before the block, [B, T, d]. */
  x: Value;
  /** Rotary angles of the new tokens, [B, T, rotated/2]. */
  cos: Value;
  sin: Value;
  /** Added to the attention scores, [B, 1, T, S+T]: 0 where a token may attend, a large negative number elsewhere. */
  mask: Value;
  /**
   * Keys (after RoPE) and values of the past, [B, kvHeads, S, hd]. If the layer has a `kvFrom`, they are that layer's.
   */
  pastKey: Value;
  pastValue: Value;
  /** Keys and values of the new tokens, from the layer `kvFrom`; null if the layer has no `kvFrom`. */
  shared: KeysAndValues | null;
  /** The per-layer embeddings of the new tokens, [B, T, size]; null in a model without them. */
  perLayer: Value | null;
}

/** Keys (after RoPE) and values of the new tokens, each [B, kvHeads, T, hd]. */
export interface KeysAndValues {
  key: Value;
  value: Value;
}

export interface BlockOutputs {
  /** resid_post, [B, T, d]. */
  y: Value;
  /** Keys and values for the cache; null if the layer has a `kvFrom`. */
  made: KeysAndValues | null;
}

/** Everything that a family needs to build a block. */
export interface Block {
  config: ModelConfig;
  layer: LayerConfig;
  param: Param;
  inputs: BlockInputs;
  /** Marks what the block adds to the residual stream, `attn_out` and `mlp_out`, so that it can be edited. */
  site: AtSite;
}

/** RMSNorm over the last axis, with the weight "<name>.weight". The size of that axis must be a known number. */
export function norm({ config, param }: Block, name: string, x: Value): Value {
  return rmsNormOf(config, x, param(`${name}.weight`, [x.dims.at(-1) as number]));
}

/** RMSNorm with a given weight w. Gemma 2 and 3 multiply by 1 + w. */
export function rmsNormOf({ normOffset, normEps }: ModelConfig, x: Value, weight: Value): Value {
  return rmsNorm(x, normOffset === 1 ? add(weight, 1) : weight, normEps);
}

/** RMSNorm without a weight. */
export function plainNorm({ normEps }: ModelConfig, x: Value): Value {
  const size = x.dims.at(-1) as number;
  return rmsNorm(x, x.graph.constant(new Float32Array(size).fill(1), x.dtype, [size]), normEps);
}

/** x·Wᵀ + b, with the weight "<name>.weight" [out, in] as Hugging Face stores it, plus the adapter's branch if any. */
export function linear(
  { param, layer }: Block,
  name: string,
  x: Value,
  size: { out: number; bias: boolean },
): Value {
  const plain = timesMatrix(x, param.matrix(`${name}.weight`, [size.out, x.dims.at(-1) as number]));
  const y = size.bias ? add(plain, param(`${name}.bias`, [size.out])) : plain;
  const branch = layer.lowRank?.[name];
  return branch === undefined ? y : add(y, lowRank(param, name, x, size.out, branch));
}

/** scale · ((x·Aᵀ)·Bᵀ + b), with PEFT's weights "<name>.lora_A.weight", "<name>.lora_B.weight", "<name>.lora_B.bias". */
export function lowRank(
  param: Param,
  name: string,
  x: Value,
  out: number,
  { rank, scale, bias }: LowRank,
): Value {
  const A = param(`${name}.lora_A.weight`, [rank, x.dims.at(-1) as number]);
  const B = param(`${name}.lora_B.weight`, [out, rank]);
  const product = matmul(matmul(x, A, { transB: true }), B, { transB: true });
  return mul(bias ? add(product, param(`${name}.lora_B.bias`, [out])) : product, scale);
}

/** Before RoPE: query [B, heads, T, hd], key and value [B, kvHeads, T, hd]. */
export interface Heads {
  query: Value;
  key: Value;
  value: Value;
}

/** The three projections before the split into heads: query [B, T, heads·hd], key and value [B, T, kvHeads·hd]. */
export function project(block: Block, x: Value): Heads {
  return {
    query: projectTo(block, "q_proj", x),
    key: projectTo(block, "k_proj", x),
    value: projectTo(block, "v_proj", x),
  };
}

/** One of the three projections of `project`. */
export function projectTo(block: Block, name: "q_proj" | "k_proj" | "v_proj", x: Value): Value {
  const { heads, kvHeads, headDim } = block.layer;
  const out = (name === "q_proj" ? heads : kvHeads) * headDim;
  return linear(block, `self_attn.${name}`, x, { out, bias: block.config.attentionBias });
}

/** The three projections, split into heads. */
export function projectHeads(block: Block, x: Value): Heads {
  const { query, key, value } = project(block, x);
  return { query: inHeads(block, query), key: inHeads(block, key), value: inHeads(block, value) };
}

/** [B, T, heads·hd] → [B, heads, T, hd]. */
export function inHeads({ layer: { headDim } }: Block, flat: Value): Value {
  const count = (flat.dims.at(-1) as number) / headDim;
  return transpose(reshape(flat, ["B", "T", count, headDim]), [0, 2, 1, 3]);
}

/** Applies RoPE to the first `rotated` numbers of every head. */
export function turn({ layer, inputs: { cos, sin } }: Block, x: Value): Value {
  const rest = layer.headDim - layer.rope.rotated;
  if (rest === 0) return rope(x, cos, sin, "BHTD");
  const [turned, passed] = split(x, 3, [layer.rope.rotated, rest]);
  return concat([rope(turned!, cos, sin, "BHTD"), passed!], 3);
}

/** Causal grouped-query attention of the new tokens over the past and themselves, with the output projection. */
export function attention(block: Block, heads: Heads): { out: Value; made: KeysAndValues } {
  const made = { key: turn(block, heads.key), value: heads.value };
  return { out: attend(block, turn(block, heads.query), made), made };
}

/**
 * @param query after RoPE, [B, heads, T, hd]
 * @param keysAndValues of the new tokens: the layer's own, or those of its `kvFrom`
 * @returns the result after the output projection, [B, T, d]
 */
export function attend(block: Block, query: Value, { key, value }: KeysAndValues): Value {
  const { config, inputs } = block;
  const { heads, kvHeads, headDim } = block.layer;
  // The query heads that share a key head become more rows of it: [B, kvHeads, (heads/kvHeads)·T, hd].
  const grouped = reshape(mul(query, config.queryScale), ["B", kvHeads, -1, headDim]);
  const onPast = matmul(grouped, inputs.pastKey, { transB: true });
  const onNew = matmul(grouped, key, { transB: true });
  const scores = concat([onPast, onNew], 3);
  const perHead = reshape(scores, ["B", heads, "T", "S+T"]);
  const capped = config.attentionSoftcap === null ? perHead : softcap(perHead, config.attentionSoftcap);
  const weights = reshape(softmax(add(capped, inputs.mask), 3), scores.dims);
  const [ofPast, ofNew] = splitLike(weights, 3, [onPast, onNew]);
  const mixed = add(matmul(ofPast!, inputs.pastValue), matmul(ofNew!, value));
  const joined = reshape(transpose(reshape(mixed, ["B", heads, "T", headDim]), [0, 2, 1, 3]), [
    "B",
    "T",
    heads * headDim,
  ]);
  return linear(block, "self_attn.o_proj", joined, { out: config.hiddenSize, bias: config.outputBias });
}

/** Gemma's block: a norm before and after attention and MLP; the result of each is added to the residual stream. */
export function sandwich(
  block: Block,
  attentionOf: (x: Value) => { out: Value; made: KeysAndValues | null },
): BlockOutputs {
  const { x } = block.inputs;
  const attended = attentionOf(norm(block, "input_layernorm", x));
  const attnOut = block.site("attn_out", norm(block, "post_attention_layernorm", attended.out));
  const middle = add(x, attnOut);
  const mlp = gatedMlp(block, norm(block, "pre_feedforward_layernorm", middle));
  const mlpOut = block.site("mlp_out", norm(block, "post_feedforward_layernorm", mlp));
  return { y: add(middle, mlpOut), made: attended.made };
}

/** down(act(gate(x)) ⊙ up(x)): SwiGLU or GeGLU, depending on the activation. */
export function gatedMlp(block: Block, x: Value): Value {
  const { config, layer } = block;
  const wide = { out: layer.intermediateSize, bias: config.mlpBias };
  const gate = activate(config, linear(block, "mlp.gate_proj", x, wide));
  const up = linear(block, "mlp.up_proj", x, wide);
  return linear(block, "mlp.down_proj", mul(gate, up), { out: config.hiddenSize, bias: config.mlpBias });
}

export function activate({ activation }: ModelConfig, x: Value): Value {
  return activation === "silu" ? silu(x) : geluTanh(x);
}

/** The block of Llama and of most later families: x + attention(norm(x)), then x + mlp(norm(x)). */
export function preNormBlock(
  block: Block,
  heads: (block: Block, x: Value) => Heads,
  mlp: (block: Block, x: Value) => Value,
): BlockOutputs {
  const { x } = block.inputs;
  const attended = attention(block, heads(block, norm(block, "input_layernorm", x)));
  const middle = add(x, block.site("attn_out", attended.out));
  const mlpOut = block.site("mlp_out", mlp(block, norm(block, "post_attention_layernorm", middle)));
  return { y: add(middle, mlpOut), made: attended.made };
}
