/** Rotary position embedding (Su et al. 2021). It pairs the two halves of a head, as Hugging Face's Llama does. */
import { badInput } from "../../core/errors.ts";
import { formatDims, sameDims } from "../build/dims.ts";
import type { Emitter, Node, Operator, Value } from "../build/graph.ts";
import { add, mul, neg, sub } from "./arithmetic.ts";
import { reduceSum } from "./broadcast.ts";
import { split } from "./parts.ts";
import { requireFloat } from "./unary.ts";

/** Order of the axes: B batch, H heads, T tokens, D features within a head. */
export type RopeLayout = "BHTD" | "BTHD";

const headAxis = { BHTD: 1, BTHD: 2 } as const;

interface RopeAttributes {
  readonly layout: RopeLayout;
}

export const ropeOperator: Operator<RopeAttributes> = {
  kind: "rope",
  emit(node, onnx) {
    if (node.inputs[0]!.dtype === "float32") emitKernel(node, onnx);
    else emitDefinition(node, onnx);
  },
  gradient({ inputs: [x, cos, sin], cotangent, attributes: { layout }, wanted }) {
    const rules = [
      // The gradient of a rotation is the rotation by the opposite angle.
      () => rope(cotangent, cos!, neg(sin!), layout),
      () => {
        const [[x1, x2], [g1, g2]] = [halves(x!), halves(cotangent)];
        return reduceSum(add(mul(g1, x1), mul(g2, x2)), [headAxis[layout]]);
      },
      () => {
        const [[x1, x2], [g1, g2]] = [halves(x!), halves(cotangent)];
        return reduceSum(sub(mul(g2, x1), mul(g1, x2)), [headAxis[layout]]);
      },
    ];
    return rules.map((rule, at) => (wanted[at] ? rule() : undefined));
  },
};

/**
 * Turns each pair (x[i], x[i + hd/2]) by its angle.
 *
 * @param x [B, H, T, hd] or [B, T, H, hd], according to `layout`.
 * @param cos cosines of the angles, [B, T, hd/2].
 * @param sin sines of the angles, [B, T, hd/2].
 */
export function rope(x: Value, cos: Value, sin: Value, layout: RopeLayout): Value {
  requireFloat("rope", x);
  const [batch, second, third, size] = x.dims;
  if (x.dims.length !== 4 || typeof size !== "number" || size % 2 !== 0) {
    throw badInput("rope", "four axes, the last of an even known size", formatDims(x.dims));
  }
  const angles = [batch!, layout === "BHTD" ? third! : second!, size / 2];
  for (const table of [cos, sin]) {
    if (table.dtype !== x.dtype || !sameDims(table.dims, angles)) {
      throw badInput(
        `rope of ${formatDims(x.dims)} as ${layout}`,
        `cos and sin of ${x.dtype} ${formatDims(angles)}`,
        `${table.dtype} ${formatDims(table.dims)}`,
      );
    }
  }
  return x.graph.apply(ropeOperator, [x, cos, sin], { layout }, [x])[0]!;
}

function halves(x: Value): [Value, Value] {
  const size = x.dims.at(-1) as number;
  const [first, second] = split(x, -1, [size / 2, size / 2]);
  return [first!, second!];
}

function emitKernel(
  { inputs: [x, cos, sin], outputs, attributes }: Node<RopeAttributes>,
  onnx: Emitter,
): void {
  if (attributes.layout === "BHTD") {
    onnx.into(outputs, "RotaryEmbedding", [x!, cos!, sin!]);
    return;
  }
  // With three axes the kernel reads [B, T, H·hd]. Merging the heads and separating them again does not move any data.
  const [heads, size] = x!.dims.slice(2) as [number, number];
  const merged = onnx.node("Reshape", [x!, onnx.ints([0, 0, heads * size])]);
  const turned = onnx.node("RotaryEmbedding", [merged, cos!, sin!], { num_heads: heads });
  onnx.into(outputs, "Reshape", [turned, onnx.ints([0, 0, heads, size])]);
}

/** The definition written out, for float64: the kernel has no float64 form. */
function emitDefinition(node: Node<RopeAttributes>, onnx: Emitter): void {
  const [x, cos, sin] = node.inputs as [Value, Value, Value];
  const half = (x.dims[3] as number) / 2;
  const headAxes = onnx.ints([headAxis[node.attributes.layout]]);
  const c = onnx.node("Unsqueeze", [cos, headAxes]);
  const s = onnx.node("Unsqueeze", [sin, headAxes]);
  const part = (start: number) =>
    onnx.node("Slice", [x, onnx.ints([start]), onnx.ints([start + half]), onnx.ints([3])]);
  const [x1, x2] = [part(0), part(half)];
  const times = (a: string, b: string) => onnx.node("Mul", [a, b]);
  const first = onnx.node("Sub", [times(x1, c), times(x2, s)]);
  const second = onnx.node("Add", [times(x2, c), times(x1, s)]);
  onnx.into(node.outputs, "Concat", [first, second], { axis: 3 });
}
