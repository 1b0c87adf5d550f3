/**
 * Activation functions of the model families. In float32 they use ONNX Runtime's fused kernels. Those have no float64
 * form, so in float64 the definition is written out, and finite differences can check the same gradient rule.
 */
import { badInput } from "../../core/errors.ts";
import type { Emitter, Operator, Value } from "../build/graph.ts";
import { add, div, mul, sub } from "./arithmetic.ts";
import { requireFloat, sigmoid, tanh } from "./unary.ts";

export const siluOperator: Operator = {
  kind: "silu",
  emit({ inputs: [x], outputs }, onnx) {
    if (x!.dtype === "float32") {
      onnx.into(outputs, "QuickGelu", [x!], { alpha: { float: 1 } }, "com.microsoft");
    } else {
      // Not Sigmoid and Mul: ONNX Runtime fuses those two into a kernel that does not exist for float64.
      const grown = onnx.node("Exp", [onnx.node("Neg", [x!])]);
      onnx.into(outputs, "Div", [x!, onnx.node("Add", [grown, onnx.scalar(1, x!.dtype)])]);
    }
  },
  gradient({ inputs: [x], outputs: [y], cotangent }) {
    const gate = sigmoid(x!);
    return [mul(cotangent, add(gate, mul(y!, sub(1, gate))))];
  },
};

/** x · sigmoid(x), also called swish. */
export function silu(x: Value): Value {
  requireFloat("silu", x);
  return x.graph.apply(siluOperator, [x], {}, [x])[0]!;
}

const geluScale = Math.sqrt(2 / Math.PI);
const geluCubic = 0.044715;

export const geluTanhOperator: Operator = {
  kind: "geluTanh",
  emit({ inputs: [x], outputs }, onnx) {
    if (x!.dtype === "float32") onnx.into(outputs, "Gelu", [x!], { approximate: "tanh" });
    else emitGeluTanh(x!, outputs, onnx);
  },
  gradient({ inputs: [x], cotangent }) {
    // y = x (1 + t) / 2, t = tanh(u), u = s (x + c x³), u' = s (1 + 3 c x²)
    const square = mul(x!, x!);
    const t = tanh(mul(mul(x!, geluScale), add(mul(square, geluCubic), 1)));
    const innerSlope = mul(add(mul(square, 3 * geluCubic), 1), geluScale);
    const curve = mul(mul(x!, sub(1, mul(t, t))), innerSlope);
    return [mul(cotangent, mul(add(add(t, 1), curve), 0.5))];
  },
};

function emitGeluTanh(x: Value, outputs: readonly Value[], onnx: Emitter): void {
  const scalar = (element: number) => onnx.scalar(element, x.dtype);
  const square = onnx.node("Mul", [x, x]);
  const bent = onnx.node("Add", [onnx.node("Mul", [square, scalar(geluCubic)]), scalar(1)]);
  const t = onnx.node("Tanh", [onnx.node("Mul", [onnx.node("Mul", [x, scalar(geluScale)]), bent])]);
  const half = onnx.node("Mul", [x, scalar(0.5)]);
  onnx.into(outputs, "Mul", [half, onnx.node("Add", [t, scalar(1)])]);
}

/** GELU in the tanh approximation (gelu_pytorch_tanh): x/2 · (1 + tanh(√(2/π) (x + 0.044715 x³))). */
export function geluTanh(x: Value): Value {
  requireFloat("geluTanh", x);
  return x.graph.apply(geluTanhOperator, [x], {}, [x])[0]!;
}

/** cap · tanh(x / cap): Gemma 2 limits attention scores and logits with it. */
export function softcap(x: Value, cap: number): Value {
  if (!(cap > 0 && Number.isFinite(cap))) throw badInput("softcap", "a positive cap", `${cap}`);
  return mul(tanh(div(x, cap)), cap);
}
