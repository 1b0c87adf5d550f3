/**
 * What the families share: norms, grouped-query attention over a cache and a gated MLP, as pure graph functions. A
 * block is the same graph for inference, for prefill and for training; with a past of length 0 it is the whole sequence.
 *
 * Attention is written in primitives on purpose: ONNX Runtime's fused GroupQueryAttention was slower here at every
 * batch size above one, it copies the whole cache, and it could not be differentiated.
 */

import type { Graph, Value } from "../../../graph/build/graph.ts";
import {
  add,
  type BlockMatrix,
  concat,
  geluTanh,
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

/** A weight of this block, by its name below the block's prefix; float32 whatever the file holds. */
export interface Param {
  (name: string, dims: readonly number[]): Value;
  /** One that is only ever multiplied by, [out, in], in the form in which it is held. */
  matrix(name: string, dims: readonly [out: number, in_: number]): Value | BlockMatrix;
}

/** Axes: B rows, T new tokens a row, S past positions, d d_model, hd head_dim; the sizes of heads are the layer's. */
export interface BlockInputs {
  graph: Graph;
  /** Residual stream before the block, [B, T, d]. */
  x: Value;
  /** Rotary angles of the new tokens, [B, T, rotated/2]. */
  cos: Value;
  sin: Value;
  /** Added to the attention scores, [B, 1, T, S+T]: 0 where a token may look, a large negative number elsewhere. */
  mask: Value;
  /** Keys (after RoPE) and values of the past, [B, kvHeads, S, hd]; another layer's where the layer has a `kvFrom`. */
  pastKey: Value;
  pastValue: Value;
  /** …and, only then, that layer's of the new tokens. */
  shared: KeysAndValues | null;
  /** The per-layer embeddings of the new tokens, [B, T, size]; null in a model without. */
  perLayer: Value | null;
}

/** Of the new tokens, keys after RoPE, each [B, kvHeads, T, hd]. */
export interface KeysAndValues {
  key: Value;
  value: Value;
}

export interface BlockOutputs {
  /** resid_post, [B, T, d]. */
  y: Value;
  /** For the cache; null where the layer has a `kvFrom`. */
  made: KeysAndValues | null;
}

/** All that a family builds a block from. */
export interface Block {
  config: ModelConfig;
  layer: LayerConfig;
  param: Param;
  inputs: BlockInputs;
}

/** RMSNorm over the last axis, whose size is known, by the weight "<name>.weight". */
export function norm({ config, param }: Block, name: string, x: Value): Value {
  return rmsNormOf(config, x, param(`${name}.weight`, [x.dims.at(-1) as number]));
}

/** Gemma's multiplies by 1 + w. */
export function rmsNormOf({ normOffset, normEps }: ModelConfig, x: Value, weight: Value): Value {
  return rmsNorm(x, normOffset === 1 ? add(weight, 1) : weight, normEps);
}

/** RMSNorm without a weight. */
export function plainNorm({ normEps }: ModelConfig, x: Value): Value {
  const size = x.dims.at(-1) as number;
  return rmsNorm(x, x.graph.constant(new Float32Array(size).fill(1), x.dtype, [size]), normEps);
}

/** x·Wᵀ + b, by the weight "<name>.weight" [out, in] as Hugging Face stores it, and an adapter's branch beside it. */
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

/** scale · ((x·Aᵀ)·Bᵀ + b), by the weights "<name>.lora_A.weight", "<name>.lora_B.weight" and its bias, as PEFT has them. */
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

/** The three projections, not yet parted into heads: [B, T, heads·hd], [B, T, kvHeads·hd] twice. */
export function project(block: Block, x: Value): Heads {
  return {
    query: projectTo(block, "q_proj", x),
    key: projectTo(block, "k_proj", x),
    value: projectTo(block, "v_proj", x),
  };
}

/** One of them. */
export function projectTo(block: Block, name: "q_proj" | "k_proj" | "v_proj", x: Value): Value {
  const { heads, kvHeads, headDim } = block.layer;
  const out = (name === "q_proj" ? heads : kvHeads) * headDim;
  return linear(block, `self_attn.${name}`, x, { out, bias: block.config.attentionBias });
}

/** …parted. */
export function projectHeads(block: Block, x: Value): Heads {
  const { query, key, value } = project(block, x);
  return { query: inHeads(block, query), key: inHeads(block, key), value: inHeads(block, value) };
}

/** [B, T, heads·hd] → [B, heads, T, hd]. */
export function inHeads({ layer: { headDim } }: Block, flat: Value): Value {
  const count = (flat.dims.at(-1) as number) / headDim;
  return transpose(reshape(flat, ["B", "T", count, headDim]), [0, 2, 1, 3]);
}

/** Turns the first `rotated` numbers of every head by their positions. */
export function turn({ layer, inputs: { cos, sin } }: Block, x: Value): Value {
  const rest = layer.headDim - layer.rope.rotated;
  if (rest === 0) return rope(x, cos, sin, "BHTD");
  const [turned, passed] = split(x, 3, [layer.rope.rotated, rest]);
  return concat([rope(turned!, cos, sin, "BHTD"), passed!], 3);
}

/** Causal grouped-query attention of the new tokens over past and themselves, and the output projection. */
export function attention(block: Block, heads: Heads): { out: Value; made: KeysAndValues } {
  const made = { key: turn(block, heads.key), value: heads.value };
  return { out: attend(block, turn(block, heads.query), made), made };
}

/**
 * @param query turned, [B, heads, T, hd]
 * @param own keys and values of the new tokens; the layer's, or those it shares
 * @returns after the output projection, [B, T, d]
 */
export function attend(block: Block, query: Value, { key, value }: KeysAndValues): Value {
  const { config, inputs } = block;
  const { heads, kvHeads, headDim } = block.layer;
  // The query heads that share a key head are laid out as more rows of it: [B, kvHeads, (heads/kvHeads)·T, hd].
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

/** Gemma's block: a norm before and after each half, each half added to the stream. */
export function sandwich(
  block: Block,
  attentionOf: (x: Value) => { out: Value; made: KeysAndValues | null },
): BlockOutputs {
  const { x } = block.inputs;
  const attended = attentionOf(norm(block, "input_layernorm", x));
  const middle = add(x, norm(block, "post_attention_layernorm", attended.out));
  const mlp = gatedMlp(block, norm(block, "pre_feedforward_layernorm", middle));
  return { y: add(middle, norm(block, "post_feedforward_layernorm", mlp)), made: attended.made };
}

/** down(act(gate(x)) ⊙ up(x)): SwiGLU or GeGLU by the activation. */
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

/** Llama's block and that of most after it: x + attention(norm(x)), then x + mlp(norm(x)). */
export function preNormBlock(
  block: Block,
  heads: (block: Block, x: Value) => Heads,
  mlp: (block: Block, x: Value) => Value,
): BlockOutputs {
  const { x } = block.inputs;
  const attended = attention(block, heads(block, norm(block, "input_layernorm", x)));
  const middle = add(x, attended.out);
  const y = add(middle, mlp(block, norm(block, "post_attention_layernorm", middle)));
  return { y, made: attended.made };
}
