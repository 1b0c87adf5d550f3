/** Softmax and its logarithm along one axis. */
import { resolveAxis } from "../build/dims.ts";
import type { Operator, Value } from "../build/graph.ts";
import { mul, sub } from "./arithmetic.ts";
import { reduceSum } from "./broadcast.ts";
import { exp, requireFloat } from "./unary.ts";

export const softmaxOperator: Operator<{ axis: number }> = {
  kind: "softmax",
  emit({ inputs, outputs, attributes: { axis } }, onnx) {
    onnx.into(outputs, "Softmax", inputs, { axis });
  },
  gradient({ outputs: [y], cotangent, attributes: { axis } }) {
    const weighted = mul(cotangent, y!);
    return [sub(weighted, mul(y!, reduceSum(weighted, [axis], true)))];
  },
};

/** exp(x) / Σ exp(x) along `axis`. */
export function softmax(x: Value, axis: number): Value {
  requireFloat("softmax", x);
  const attributes = { axis: resolveAxis("softmax", x.dims, axis) };
  return x.graph.apply(softmaxOperator, [x], attributes, [x])[0]!;
}

export const logSoftmaxOperator: Operator<{ axis: number }> = {
  kind: "logSoftmax",
  emit({ inputs, outputs, attributes: { axis } }, onnx) {
    if (onnx.device !== "webgpu") {
      onnx.into(outputs, "LogSoftmax", inputs, { axis });
      return;
    }
    // WebGPU has no kernel for LogSoftmax.
    const axes = onnx.ints([axis]);
    const shifted = onnx.node("Sub", [inputs[0]!, onnx.node("ReduceMax", [inputs[0]!, axes])]);
    const sum = onnx.node("ReduceSum", [onnx.node("Exp", [shifted]), axes]);
    onnx.into(outputs, "Sub", [shifted, onnx.node("Log", [sum])]);
  },
  gradient({ outputs: [y], cotangent, attributes: { axis } }) {
    return [sub(cotangent, mul(exp(y!), reduceSum(cotangent, [axis], true)))];
  },
};

/** x − log Σ exp(x) along `axis`. */
export function logSoftmax(x: Value, axis: number): Value {
  requireFloat("logSoftmax", x);
  const attributes = { axis: resolveAxis("logSoftmax", x.dims, axis) };
  return x.graph.apply(logSoftmaxOperator, [x], attributes, [x])[0]!;
}
