/** Change of element type. ONNX Runtime folds the cast of a stored bf16 or fp16 weight when a session opens. */

import { type DType, isFloat, onnxDataType } from "../build/dtype.ts";
import type { Operator, Value } from "../build/graph.ts";

export const castOperator: Operator<{ dtype: DType }> = {
  kind: "cast",
  emit({ inputs, outputs, attributes: { dtype } }, onnx) {
    onnx.into(outputs, "Cast", inputs, { to: onnxDataType[dtype] });
  },
  gradient: ({ inputs: [x], cotangent }) => [isFloat(x!.dtype) ? cast(cotangent, x!.dtype) : undefined],
};

export function cast(x: Value, dtype: DType): Value {
  if (x.dtype === dtype) return x;
  return x.graph.apply(castOperator, [x], { dtype }, [{ dtype, dims: x.dims }])[0]!;
}
