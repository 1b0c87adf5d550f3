/**
 * The edit of a site, in one low-rank form for all interventions:
 *
 *     x' = x + ((target(a) − a) ⊙ mask) · D,   a = act(x·E + b),   target(a) = scale ⊙ a + offset
 *
 * act is the identity, ReLU, or JumpReLU: ReLU(pre)·1[pre > threshold].
 *
 * Zero ablation is scale 0. Clamping is scale 0 with an offset. Scaling is a scale. Removing a direction is the identity
 * with E = Dᵀ = the unit direction. Adding a vector is E = 0 with the vector's size as offset. The part of x that the
 * chosen features do not explain (an SAE's error) stays in x by construction.
 */
import { badInput } from "../../core/errors.ts";
import { Graph, type Value } from "../../graph/build/graph.ts";
import { add, greater, matmul, mul, relu, sub, where } from "../../graph/ops/ops.ts";
import { type InferenceSession, Tensor } from "../ort/ort.ts";
import { openWeightless, type SessionOptions } from "../ort/session.ts";

export interface Edit {
  /** The block whose output (resid_post) is edited. */
  layer: number;
  activation: "identity" | "relu" | "jumprelu";
  /** E [d, k], b [k] and D [k, d] of k features, all row-major float32. */
  encoder: Float32Array<ArrayBuffer>;
  bias: Float32Array<ArrayBuffer>;
  decoder: Float32Array<ArrayBuffer>;
  /** [k], for jumprelu only. */
  threshold?: Float32Array<ArrayBuffer> | undefined;
  /** [k] each. */
  scale: Float32Array<ArrayBuffer>;
  offset: Float32Array<ArrayBuffer>;
}

/** How far each feature of each edit applies to a row: one [k] mask per edit, values from 0 to 1. */
export type EditMasks = readonly Float32Array[];

/** The edits of a batch, with each row's masks. */
export interface BatchEdits {
  edits: readonly Edit[];
  /** By row, then by edit. */
  masks: readonly EditMasks[];
}

/** The edits of a batch. A row without masks gets every feature of every edit. null when there are no edits. */
export function batchEdits(
  edits: readonly Edit[],
  rows: readonly { readonly editMasks?: EditMasks }[],
): BatchEdits | null {
  if (edits.length === 0) return null;
  const all = edits.map((edit) => new Float32Array(edit.bias.length).fill(1));
  return { edits, masks: rows.map((row) => row.editMasks ?? all) };
}

/** @throws FathomError naming the edit, and the layer, threshold or array that does not fit */
export function checkEdits(edits: readonly Edit[], sizes: { hiddenSize: number; layers: number }): void {
  edits.forEach((edit, index) => {
    const k = edit.bias.length;
    const place = `edit ${index}`;
    if (!Number.isInteger(edit.layer) || edit.layer < 0 || edit.layer >= sizes.layers) {
      throw badInput(place, `a layer from 0 to ${sizes.layers - 1}`, String(edit.layer));
    }
    const lengths = {
      encoder: sizes.hiddenSize * k,
      decoder: k * sizes.hiddenSize,
      scale: k,
      offset: k,
    };
    if ((edit.activation === "jumprelu") !== (edit.threshold !== undefined)) {
      const expected = edit.activation === "jumprelu" ? "a threshold, as jumprelu has" : "no threshold";
      throw badInput(place, expected, edit.threshold === undefined ? "none" : `one with ${edit.activation}`);
    }
    if (edit.threshold !== undefined && edit.threshold.length !== k) {
      throw badInput(`${place} threshold`, `${k} numbers for ${k} features`, String(edit.threshold.length));
    }
    for (const [name, length] of Object.entries(lengths)) {
      const found = edit[name as keyof typeof lengths].length;
      if (found !== length)
        throw badInput(`${place} ${name}`, `${length} numbers for ${k} features`, String(found));
    }
  });
}

function editGraph(activation: Edit["activation"], d: number): Graph {
  const graph = new Graph();
  const x = graph.input("x", "float32", ["B", "T", d]);
  const encoder = graph.input("encoder", "float32", [d, "K"]);
  const bias = graph.input("bias", "float32", ["K"]);
  const decoder = graph.input("decoder", "float32", ["K", d]);
  const scale = graph.input("scale", "float32", ["K"]);
  const offset = graph.input("offset", "float32", ["K"]);
  const mask = graph.input("mask", "float32", ["B", 1, "K"]);
  const pre = add(matmul(x, encoder), bias);
  const a = activate(graph, pre, activation);
  const change = mul(sub(add(mul(a, scale), offset), a), mask);
  graph.output("y", add(x, matmul(change, decoder)));
  return graph;
}

function activate(graph: Graph, pre: Value, activation: Edit["activation"]): Value {
  switch (activation) {
    case "identity":
      return pre;
    case "relu":
      return relu(pre);
    case "jumprelu":
      return where(greater(pre, graph.input("threshold", "float32", ["K"])), relu(pre), 0);
  }
}

/** Applies edits to residuals. One session per activation, opened when first needed. */
export class Editor {
  readonly #sessions = new Map<Edit["activation"], Promise<InferenceSession>>();

  readonly #d: number;
  readonly #options: SessionOptions;

  /** @param d d_model */
  constructor(d: number, options: SessionOptions) {
    this.#d = d;
    this.#options = options;
  }

  /**
   * @param x residual stream [B, T, d]
   * @param masks this edit's [k] mask per row
   * @returns the edited residual stream [B, T, d]
   */
  async apply(edit: Edit, x: Tensor, masks: readonly Float32Array[]): Promise<Tensor> {
    const k = edit.bias.length;
    let session = this.#sessions.get(edit.activation);
    if (session === undefined) {
      session = openWeightless(editGraph(edit.activation, this.#d), this.#options);
      this.#sessions.set(edit.activation, session);
    }
    const mask = new Float32Array(masks.length * k);
    masks.forEach((row, i) => mask.set(row, i * k));
    const outputs = await (await session).run({
      x,
      encoder: new Tensor("float32", edit.encoder, [this.#d, k]),
      bias: new Tensor("float32", edit.bias, [k]),
      decoder: new Tensor("float32", edit.decoder, [k, this.#d]),
      scale: new Tensor("float32", edit.scale, [k]),
      offset: new Tensor("float32", edit.offset, [k]),
      mask: new Tensor("float32", mask, [masks.length, 1, k]),
      ...(edit.threshold === undefined ? {} : { threshold: new Tensor("float32", edit.threshold, [k]) }),
    });
    return outputs["y"]!;
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await (await session).release();
  }
}
