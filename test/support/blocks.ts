/**
 * A Llama block and a Gemma 2 block in operators of src/graph, written as plainly as in the papers. The engine builds
 * them in its own way. These are used to test gradients of whole blocks. Weights have Hugging Face's names.
 */
import type { DType, Graph, Value } from "../../src/graph/build/graph.ts";
import * as ops from "../../src/graph/ops/ops.ts";

export interface BlockShape {
  readonly hidden: number;
  readonly heads: number;
  readonly keyHeads: number;
  readonly headSize: number;
  readonly inner: number;
}

export interface Block {
  /** Every input and weight by name: x, pastK, pastV, cos, sin, mask and the parameters. */
  readonly values: Readonly<Record<string, Value>>;
  readonly output: Value;
}

/** The differences between the two families. */
interface Family {
  readonly norms: readonly string[];
  readonly norm: (x: Value, weight: Value) => Value;
  readonly capScores: (scores: Value) => Value;
  readonly scoreScale: number;
  readonly activation: (x: Value) => Value;
  /** Gemma 2 also normalizes the output that a sublayer adds to the residual. */
  readonly normsOutputs: boolean;
}

export function llamaBlock(graph: Graph, shape: BlockShape, dtype: DType): Block {
  return block(graph, shape, dtype, {
    norms: ["input_layernorm", "post_attention_layernorm"],
    norm: (x, weight) => ops.rmsNorm(x, weight, 1e-5),
    capScores: (scores) => scores,
    scoreScale: shape.headSize ** -0.5,
    activation: ops.silu,
    normsOutputs: false,
  });
}

/** With query_pre_attn_scalar 9 and a soft cap of 2, so that the cap has an effect. */
export function gemma2Block(graph: Graph, shape: BlockShape, dtype: DType): Block {
  return block(graph, shape, dtype, {
    norms: [
      "input_layernorm",
      "post_attention_layernorm",
      "pre_feedforward_layernorm",
      "post_feedforward_layernorm",
    ],
    norm: (x, weight) => ops.rmsNorm(x, ops.add(weight, 1), 1e-6),
    capScores: (scores) => ops.softcap(scores, 2),
    scoreScale: 9 ** -0.5,
    activation: ops.geluTanh,
    normsOutputs: true,
  });
}

function block(graph: Graph, shape: BlockShape, dtype: DType, family: Family): Block {
  const { hidden, heads, keyHeads, headSize, inner } = shape;
  const past = ["B", keyHeads, "P", headSize];
  const values: Record<string, Value> = {
    x: graph.input("x", dtype, ["B", "T", hidden]),
    pastK: graph.input("pastK", dtype, past),
    pastV: graph.input("pastV", dtype, past),
    cos: graph.input("cos", dtype, ["B", "T", headSize / 2]),
    sin: graph.input("sin", dtype, ["B", "T", headSize / 2]),
    mask: graph.input("mask", dtype, ["B", 1, "T", "P+T"]),
  };
  const weight = (name: string, dims: readonly number[]) =>
    (values[`${name}.weight`] ??= graph.weight(`${name}.weight`, dtype, dims));
  const linear = (x: Value, name: string, dims: readonly [out: number, into: number]) =>
    ops.matmul(x, weight(name, dims), { transB: true });
  const norm = (x: Value, at: number) => {
    const name = family.norms[at]!;
    return family.norm(x, weight(name, [hidden]));
  };

  const attend = (x: Value): Value => {
    const project = (name: string, count: number) =>
      ops.reshape(linear(x, `self_attn.${name}`, [count * headSize, hidden]), ["B", "T", count, headSize]);
    const turned = (projected: Value) =>
      ops.transpose(ops.rope(projected, values["cos"]!, values["sin"]!, "BTHD"), [0, 2, 1, 3]);
    const query = turned(project("q_proj", heads));
    const key = ops.concat([values["pastK"]!, turned(project("k_proj", keyHeads))], 2);
    const value = ops.concat([values["pastV"]!, ops.transpose(project("v_proj", keyHeads), [0, 2, 1, 3])], 2);
    const grouped = ops.reshape(query, ["B", keyHeads, heads / keyHeads, "T", headSize]);
    const raw = ops.matmul(grouped, ops.unsqueeze(key, [2]), { transB: true });
    const scores = family.capScores(ops.mul(raw, family.scoreScale));
    const attention = ops.softmax(ops.add(scores, ops.unsqueeze(values["mask"]!, [1])), -1);
    const mixed = ops.matmul(attention, ops.unsqueeze(value, [2]));
    const joined = ops.reshape(ops.transpose(mixed, [0, 3, 1, 2, 4]), ["B", "T", heads * headSize]);
    return linear(joined, "self_attn.o_proj", [hidden, heads * headSize]);
  };
  const feedForward = (x: Value): Value => {
    const gate = family.activation(linear(x, "mlp.gate_proj", [inner, hidden]));
    return linear(ops.mul(gate, linear(x, "mlp.up_proj", [inner, hidden])), "mlp.down_proj", [hidden, inner]);
  };

  let x = values["x"]!;
  let at = 0;
  for (const sublayer of [attend, feedForward]) {
    const change = sublayer(norm(x, at++));
    x = ops.add(x, family.normsOutputs ? norm(change, at++) : change);
  }
  return { values, output: x };
}
