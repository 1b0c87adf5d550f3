/** A value that no gradient passes through: what is known only where it is used, or is differentiated elsewhere. */
import type { Operator, Value } from "../../graph/build/graph.ts";

const heldOperator: Operator = {
  kind: "held",
  emit: ({ inputs, outputs }, onnx) => {
    onnx.into(outputs, "Identity", inputs);
  },
  gradient: () => [undefined],
};

/** x itself. */
export function held(x: Value): Value {
  return x.graph.apply(heldOperator, [x], {}, [x])[0]!;
}
