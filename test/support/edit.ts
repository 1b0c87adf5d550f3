/** Runs the graph of one edit alone, outside of a model. */
import { Graph } from "../../src/graph/build/graph.ts";
import { editGraph } from "../../src/model/architecture/slots/edit-graph.ts";
import { maskTensor } from "../../src/model/engine/edits/batch-edits.ts";
import type { Edit, EditMask } from "../../src/model/engine/edits/edit.ts";
import { layOut } from "../../src/model/engine/edits/laid-out.ts";
import { Tensor } from "../../src/model/ort/ort.ts";
import { openWeightless } from "../../src/model/ort/session.ts";

type Floats = Float32Array<ArrayBuffer>;

/**
 * @param x [B, T, d]
 * @param masks by row
 * @returns x' [B, T, d], the activations [B, T, n] and how far each token moved [B, T]
 */
export async function runEdit(
  edit: Edit,
  x: Floats,
  [B, T, d]: readonly [number, number, number],
  masks: readonly EditMask[],
  threads = 1,
): Promise<{ edited: Floats; activations: Floats; moved: Floats }> {
  const laidOut = layOut(edit, d, threads);
  const graph = new Graph();
  graph.neverEmpty("B", "T");
  const values = editGraph(graph.input("x", "float32", ["B", "T", d]), laidOut.form, (part) => part);
  graph.output("edited", values.edited);
  graph.output("activation", values.activation);
  graph.output("moved", values.moved);
  const session = await openWeightless(graph, { threads });
  const rows = { pasts: masks.map(() => 0), counts: masks.map(() => T), T };
  const outputs = await session.run({
    ...laidOut.inputs,
    x: new Tensor("float32", x, [B, T, d]),
    mask: maskTensor(laidOut, masks, rows),
  });
  await session.release();
  const of = (name: string) => outputs[name]!.data as Floats;
  const { size, width } = laidOut;
  const activations = new Float32Array(B * T * size);
  for (let token = 0; token < B * T; token++)
    activations.set(of("activation").subarray(token * width, token * width + size), token * size);
  return { edited: of("edited"), activations, moved: of("moved") };
}
