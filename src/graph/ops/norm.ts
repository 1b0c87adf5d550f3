/** Root-mean-square normalization (Zhang & Sennrich 2019), as in Llama and, with 1 + w as the weight, in Gemma. */
import { badInput } from "../../core/errors.ts";
import { formatDims, sameDims } from "../build/dims.ts";
import type { Operator, Value } from "../build/graph.ts";
import { add, mul, sub } from "./arithmetic.ts";
import { sumTo } from "./broadcast.ts";
import { reduceMean } from "./mean.ts";
import { pow, requireFloat } from "./unary.ts";

export const rmsNormOperator: Operator<{ epsilon: number }> = {
  kind: "rmsNorm",
  emit({ inputs, outputs, attributes: { epsilon } }, onnx) {
    onnx.into(outputs, "SimplifiedLayerNormalization", inputs, { axis: -1, epsilon: { float: epsilon } });
  },
  gradient({ inputs: [x, weight], cotangent, attributes: { epsilon }, wanted }) {
    // With r = (mean x² + ε)^-½, n = x r, y = n w and h = cotangent · w: dx = r (h − n mean(h n)).
    const inverse = pow(add(reduceMean(mul(x!, x!), [-1], true), Math.fround(epsilon)), -0.5);
    const normed = mul(x!, inverse);
    const scaled = mul(cotangent, weight!);
    const along = mul(normed, reduceMean(mul(scaled, normed), [-1], true));
    return [
      wanted[0] ? mul(inverse, sub(scaled, along)) : undefined,
      wanted[1] ? sumTo(mul(cotangent, normed), weight!.dims) : undefined,
    ];
  },
};

/** x / √(mean(x²) + ε) · weight over the last axis: x[..., D], weight[D]. ONNX stores ε as a 32-bit float. */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
  requireFloat("rmsNorm", x);
  if (weight.dtype !== x.dtype || !sameDims(weight.dims, x.dims.slice(-1))) {
    throw badInput(
      "rmsNorm",
      `a weight of ${x.dtype} ${formatDims(x.dims.slice(-1))}`,
      `${weight.dtype} ${formatDims(weight.dims)}`,
    );
  }
  return x.graph.apply(rmsNormOperator, [x, weight], { epsilon }, [x])[0]!;
}
