/** Elementwise arithmetic of two operands, broadcast against each other. A number stands for a constant. */
import { badInput } from "../../core/errors.ts";
import { broadcastDims, formatDims } from "../build/dims.ts";
import type { Backward, Operator, Value } from "../build/graph.ts";
import { sumTo } from "./broadcast.ts";

/** A constant without axes, in the dtype of `like`. */
export function scalarLike(like: Value, element: number): Value {
  return like.graph.constant([element], like.dtype, []);
}

/** The two operands of an elementwise operator as values of one dtype. */
export function pairOf(where: string, a: Value | number, b: Value | number): [Value, Value] {
  if (typeof a === "number" && typeof b === "number") throw badInput(where, "a value", "two numbers");
  const left = typeof a === "number" ? scalarLike(b as Value, a) : a;
  const right = typeof b === "number" ? scalarLike(left, b) : b;
  if (left.dtype !== right.dtype) {
    throw badInput(
      where,
      `${left.dtype} ${formatDims(left.dims)}`,
      `${right.dtype} ${formatDims(right.dims)}`,
    );
  }
  return [left, right];
}

/** Gradient of an operand, before its broadcasting is undone. */
type PartialRule = (backward: Backward) => Value;

function elementwise(kind: string, opType: string, left: PartialRule, right: PartialRule): Operator {
  return {
    kind,
    emit({ inputs, outputs }, onnx) {
      onnx.into(outputs, opType, inputs);
    },
    gradient: (backward) =>
      [left, right].map((rule, at) =>
        backward.wanted[at] ? sumTo(rule(backward), backward.inputs[at]!.dims) : undefined,
      ),
  };
}

function applyPair(operator: Operator, a: Value | number, b: Value | number): Value {
  const [left, right] = pairOf(operator.kind, a, b);
  const dims = broadcastDims(operator.kind, left.dims, right.dims);
  return left.graph.apply(operator, [left, right], {}, [{ dtype: left.dtype, dims }])[0]!;
}

export const addOperator = elementwise(
  "add",
  "Add",
  ({ cotangent }) => cotangent,
  ({ cotangent }) => cotangent,
);
export const subOperator = elementwise(
  "sub",
  "Sub",
  ({ cotangent }) => cotangent,
  ({ cotangent }) => neg(cotangent),
);
export const mulOperator = elementwise(
  "mul",
  "Mul",
  ({ inputs: [, b], cotangent }) => mul(cotangent, b!),
  ({ inputs: [a], cotangent }) => mul(cotangent, a!),
);
export const divOperator = elementwise(
  "div",
  "Div",
  ({ inputs: [, b], cotangent }) => div(cotangent, b!),
  ({ inputs: [, b], outputs: [y], cotangent }) => neg(div(mul(cotangent, y!), b!)),
);

export function add(a: Value | number, b: Value | number): Value {
  return applyPair(addOperator, a, b);
}
export function sub(a: Value | number, b: Value | number): Value {
  return applyPair(subOperator, a, b);
}
export function mul(a: Value | number, b: Value | number): Value {
  return applyPair(mulOperator, a, b);
}
export function div(a: Value | number, b: Value | number): Value {
  return applyPair(divOperator, a, b);
}

export const negOperator: Operator = {
  kind: "neg",
  emit({ inputs, outputs }, onnx) {
    onnx.into(outputs, "Neg", inputs);
  },
  gradient: ({ cotangent }) => [neg(cotangent)],
};

export function neg(x: Value): Value {
  return x.graph.apply(negOperator, [x], {}, [x])[0]!;
}
