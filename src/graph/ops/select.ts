/** Elementwise comparison and choice, and the functions that are defined by them. */
import { badInput } from "../../core/errors.ts";
import { broadcastDims } from "../build/dims.ts";
import type { Operator, Value } from "../build/graph.ts";
import { pairOf, scalarLike } from "./arithmetic.ts";
import { sumTo } from "./broadcast.ts";
import { requireFloat } from "./unary.ts";

export const greaterOperator: Operator = {
  kind: "greater",
  emit({ inputs, outputs }, onnx) {
    onnx.into(outputs, "Greater", inputs);
  },
  gradient: () => [undefined, undefined],
};

/** a > b as a bool. It is constant almost everywhere, so no gradient passes. */
export function greater(a: Value | number, b: Value | number): Value {
  const [left, right] = pairOf("greater", a, b);
  const dims = broadcastDims("greater", left.dims, right.dims);
  return left.graph.apply(greaterOperator, [left, right], {}, [{ dtype: "bool", dims }])[0]!;
}

export const whereOperator: Operator = {
  kind: "where",
  emit({ inputs, outputs }, onnx) {
    onnx.into(outputs, "Where", inputs);
  },
  gradient({ inputs: [condition, a, b], cotangent, wanted }) {
    return [
      undefined,
      wanted[1] ? sumTo(where(condition!, cotangent, 0), a!.dims) : undefined,
      wanted[2] ? sumTo(where(condition!, 0, cotangent), b!.dims) : undefined,
    ];
  },
};

/** a where the condition is true, b elsewhere. All three are broadcast against each other. */
export function where(condition: Value, a: Value | number, b: Value | number): Value {
  if (condition.dtype !== "bool") throw badInput("where", "a bool condition", condition.dtype);
  const [left, right] = pairOf("where", a, b);
  const dims = broadcastDims("where", condition.dims, broadcastDims("where", left.dims, right.dims));
  return left.graph.apply(whereOperator, [condition, left, right], {}, [{ dtype: left.dtype, dims }])[0]!;
}

export const reluOperator: Operator = {
  kind: "relu",
  emit({ inputs, outputs }, onnx) {
    onnx.into(outputs, "Relu", inputs);
  },
  gradient: ({ outputs: [y], cotangent }) => [where(greater(y!, 0), cotangent, 0)],
};

export function relu(x: Value): Value {
  requireFloat("relu", x);
  return x.graph.apply(reluOperator, [x], {}, [x])[0]!;
}

export const clipOperator: Operator<{ low: number; high: number }> = {
  kind: "clip",
  emit({ inputs: [x], outputs, attributes: { low, high } }, onnx) {
    onnx.into(outputs, "Clip", [x!, onnx.scalar(low, x!.dtype), onnx.scalar(high, x!.dtype)]);
  },
  gradient({ inputs: [x], cotangent, attributes: { low, high } }) {
    const aboveLow = where(greater(x!, low), cotangent, 0);
    return [where(greater(scalarLike(x!, high), x!), aboveLow, 0)];
  },
};

/** x limited to the range from low to high. */
export function clip(x: Value, low: number, high: number): Value {
  requireFloat("clip", x);
  if (!(low <= high)) throw badInput("clip", "low up to high", `${low} and ${high}`);
  return x.graph.apply(clipOperator, [x], { low, high }, [x])[0]!;
}
