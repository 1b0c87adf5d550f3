/** Elementwise functions of one operand for which ONNX has an operator. */
import { badInput } from "../../core/errors.ts";
import { isFloat } from "../build/dtype.ts";
import type { Backward, Operator, Value } from "../build/graph.ts";
import { div, mul, scalarLike, sub } from "./arithmetic.ts";

export function requireFloat(where: string, x: Value): void {
  if (!isFloat(x.dtype)) throw badInput(where, "a floating-point operand", x.dtype);
}

/** @param rule computes d loss / d x from x, y = f(x) and the cotangent of y. */
function unary(
  kind: string,
  opType: string,
  rule: (x: Value, y: Value, cotangent: Value) => Value,
): Operator {
  return {
    kind,
    emit({ inputs, outputs }, onnx) {
      onnx.into(outputs, opType, inputs);
    },
    gradient: ({ inputs: [x], outputs: [y], cotangent }: Backward) => [rule(x!, y!, cotangent)],
  };
}

function applyUnary(operator: Operator, x: Value): Value {
  requireFloat(operator.kind, x);
  return x.graph.apply(operator, [x], {}, [x])[0]!;
}

export const sqrtOperator = unary("sqrt", "Sqrt", (_, y, cotangent) => div(mul(cotangent, 0.5), y));
export const expOperator = unary("exp", "Exp", (_, y, cotangent) => mul(cotangent, y));
export const logOperator = unary("log", "Log", (x, _, cotangent) => div(cotangent, x));
export const tanhOperator = unary("tanh", "Tanh", (_, y, cotangent) => mul(cotangent, sub(1, mul(y, y))));
export const sigmoidOperator = unary("sigmoid", "Sigmoid", (_, y, cotangent) =>
  mul(cotangent, mul(y, sub(1, y))),
);

export function sqrt(x: Value): Value {
  return applyUnary(sqrtOperator, x);
}
export function exp(x: Value): Value {
  return applyUnary(expOperator, x);
}
export function log(x: Value): Value {
  return applyUnary(logOperator, x);
}
export function tanh(x: Value): Value {
  return applyUnary(tanhOperator, x);
}
export function sigmoid(x: Value): Value {
  return applyUnary(sigmoidOperator, x);
}

export const powOperator: Operator<{ exponent: number }> = {
  kind: "pow",
  emit({ inputs: [x], outputs, attributes: { exponent } }, onnx) {
    onnx.into(outputs, "Pow", [x!, onnx.scalar(exponent, x!.dtype)]);
  },
  gradient({ inputs: [x], cotangent, attributes: { exponent } }) {
    if (exponent === 0) return [undefined];
    return [mul(cotangent, mul(scalarLike(x!, exponent), pow(x!, exponent - 1)))];
  },
};

/** x raised to a constant power. */
export function pow(x: Value, exponent: number): Value {
  requireFloat("pow", x);
  return x.graph.apply(powOperator, [x], { exponent }, [x])[0]!;
}
