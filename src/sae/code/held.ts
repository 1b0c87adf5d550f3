/** A value that no gradient passes through: it counts as a constant, or its gradient is computed elsewhere. */
import type { Operator, Value } from "../../graph/build/graph.ts";

const heldOperator: Operator = {
  kind: "held",
  emit: ({ inputs, outputs }, onnx) => {
    onnx.into(outputs, "Identity", inputs);
  },
  gradient: () => [undefined],
};

/** @returns x, unchanged, without a gradient */
export function held(x: Value): Value {
  return x.graph.apply(heldOperator, [x], {}, [x])[0]!;
}
