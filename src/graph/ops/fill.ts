/** Tensors that repeat one number and have the shape of another value: a zero gradient, or the start of a scatter. */
import type { Operator, Value } from "../build/graph.ts";
import { emitShape, type Size, SizeReader } from "./shapes.ts";

export const fillOperator: Operator<{ element: number; sizes: readonly Size[] }> = {
  kind: "fill",
  emit({ inputs, outputs, attributes: { element, sizes } }, onnx) {
    const scalar = onnx.scalar(element, outputs[0]!.dtype);
    onnx.into(outputs, "Expand", [scalar, emitShape(onnx, inputs, sizes)]);
  },
  gradient: ({ inputs }) => inputs.map(() => undefined),
};

/** `element` everywhere, in the dtype and dims of `value`. */
export function fillLike(value: Value, element: number): Value {
  const reader = new SizeReader("fill", value.dims.every((dim) => typeof dim === "number") ? [] : [value]);
  const sizes = value.dims.map((dim) => reader.require(dim));
  return value.graph.apply(fillOperator, reader.operands, { element, sizes }, [value])[0]!;
}

export function zerosLike(value: Value): Value {
  return fillLike(value, 0);
}
