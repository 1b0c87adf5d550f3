/**
 * Reverse-mode differentiation: walks the graph backwards, and every operator's own rule adds the nodes that compute
 * its gradient. No number is computed here. The backward pass is more graph, derived and never written by hand.
 */
import { badInput } from "../core/errors.ts";
import { formatDims, sameDims } from "./build/dims.ts";
import { isFloat } from "./build/dtype.ts";
import type { Backward, Graph, Node, Value } from "./build/graph.ts";
import { add } from "./ops/arithmetic.ts";
import { zerosLike } from "./ops/fill.ts";

/**
 * @param cotangents d loss / d value, with that value's dtype and dims; several for one value are summed.
 * @param wrt values anywhere in the graph: inputs, weights, or results of other nodes.
 * @returns d loss / d wrt, one per entry, each with its dtype and dims; zeros where no path leads to it.
 */
export function gradient(
  cotangents: readonly { value: Value; cotangent: Value }[],
  wrt: readonly Value[],
): Value[] {
  const gradients = new Map<number, Value>();
  for (const { value, cotangent } of cotangents) {
    requireMatching(value, cotangent);
    accumulate(gradients, value, cotangent);
  }
  for (const value of wrt) {
    if (!isFloat(value.dtype)) throw badInput("gradient", "a floating-point value", value.dtype);
  }
  const graph = wrt[0]?.graph;
  if (graph === undefined) return [];

  const dependent = dependents(graph, wrt);
  // Copied: the rules add nodes to the same list.
  for (const node of [...graph.nodes].reverse()) passThrough(node, gradients, dependent);
  return wrt.map((value) => gradients.get(value.id) ?? zerosLike(value));
}

function passThrough(node: Node, gradients: Map<number, Value>, dependent: ReadonlySet<number>): void {
  const wanted = node.inputs.map((input) => dependent.has(input.id));
  const outgoing = node.outputs.map((output) => gradients.get(output.id));
  const cotangent = outgoing.find((gradient) => gradient !== undefined);
  if (cotangent === undefined || !wanted.includes(true)) return;

  const backward: Backward = { ...node, cotangents: outgoing, cotangent, wanted };
  const incoming = node.operator.gradient(backward);
  for (const [at, input] of node.inputs.entries()) {
    const gradient = incoming[at];
    if (gradient === undefined || wanted[at] !== true) continue;
    if (gradient.dtype !== input.dtype || !sameDims(gradient.dims, input.dims)) {
      throw new Error(
        `gradient of ${node.operator.kind}: expected ${input.dtype} ${formatDims(input.dims)} for input ${at}, ` +
          `found ${gradient.dtype} ${formatDims(gradient.dims)}`,
      );
    }
    accumulate(gradients, input, gradient);
  }
}

/** Ids of the floating-point values through which a change of `wrt` can reach a loss. */
function dependents(graph: Graph, wrt: readonly Value[]): Set<number> {
  const ids = new Set(wrt.map((value) => value.id));
  for (const node of graph.nodes) {
    if (!node.inputs.some((input) => ids.has(input.id))) continue;
    for (const output of node.outputs) if (isFloat(output.dtype)) ids.add(output.id);
  }
  return ids;
}

function accumulate(gradients: Map<number, Value>, value: Value, gradient: Value): void {
  const earlier = gradients.get(value.id);
  gradients.set(value.id, earlier === undefined ? gradient : add(earlier, gradient));
}

function requireMatching(value: Value, cotangent: Value): void {
  if (!isFloat(value.dtype)) throw badInput("gradient", "a floating-point value", value.dtype);
  if (value.dtype !== cotangent.dtype || !sameDims(value.dims, cotangent.dims)) {
    throw badInput(
      "gradient",
      `a cotangent of ${value.dtype} ${formatDims(value.dims)}`,
      `${cotangent.dtype} ${formatDims(cotangent.dims)}`,
    );
  }
}
