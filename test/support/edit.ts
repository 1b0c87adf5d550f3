/** Runs the graph of one edit alone, outside of a model. */
import assert from "node:assert/strict";
import { Graph } from "../../src/graph/build/graph.ts";
import { editGraph } from "../../src/model/architecture/slots/edit-graph.ts";
import { editedTokens, maskTensor } from "../../src/model/engine/edits/batch-edits.ts";
import type { Edit, EditMask } from "../../src/model/engine/edits/edit.ts";
import { layOut } from "../../src/model/engine/edits/laid-out.ts";
import { Tensor } from "../../src/model/ort/ort.ts";
import { openWeightless } from "../../src/model/ort/session.ts";

type Floats = Float32Array<ArrayBuffer>;

interface Result {
  /** x' [B, T, d] */
  edited: Floats;
  /** [B, T, n] */
  activations: Floats;
  /** [B, T] */
  moved: Floats;
}

/**
 * In the graph that edits every token; the graphs that edit some tokens alone must give the same bits.
 * @param x [B, T, d]
 * @param masks by row
 */
export async function runEdit(
  edit: Edit,
  x: Floats,
  [B, T, d]: readonly [number, number, number],
  masks: readonly EditMask[],
  threads = 1,
): Promise<Result> {
  const laidOut = layOut(edit, d, threads);
  const { size, width } = laidOut;
  const rows = { pasts: masks.map(() => 0), counts: masks.map(() => T), T };
  const run = async (some: boolean, inputs: Record<string, Tensor>) => {
    const graph = new Graph();
    graph.neverEmpty("B", "T");
    const values = editGraph(graph.input("x", "float32", ["B", "T", d]), laidOut.form, (part) => part, {
      some,
    });
    graph.output("edited", values.edited);
    graph.output("activation", values.activation);
    graph.output("moved", values.moved);
    const session = await openWeightless(graph, { threads });
    const fed = { ...laidOut.inputs, ...inputs, x: new Tensor("float32", x, [B, T, d]) };
    const outputs = await session.run(fed);
    await session.release();
    const of = (name: string) => outputs[name]!.data as Floats;
    const activations = new Float32Array((of("activation").length / width) * size);
    for (let token = 0; token * size < activations.length; token++)
      activations.set(of("activation").subarray(token * width, token * width + size), token * size);
    return { edited: of("edited"), activations, moved: of("moved") };
  };
  const whole = await run(false, { mask: maskTensor(laidOut, masks, rows) });
  assert.deepEqual(await run(true, editedTokens(laidOut, masks, rows, true)), whole);
  const { edited, moved } = await run(true, editedTokens(laidOut, masks, rows, false));
  assert.deepEqual({ edited, moved }, { edited: whole.edited, moved: whole.moved });
  return whole;
}
