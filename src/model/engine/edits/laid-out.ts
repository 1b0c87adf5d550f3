/** Lays an edit's numbers out as the inputs of a slot (architecture/slots/edit-graph.ts): columns in groups of 16. */
import { availableParallelism } from "node:os";
import { groupWidth } from "../../architecture/slots/edit-graph.ts";
import type { SiteKind, SlotForm } from "../../architecture/slots/sites.ts";
import { Tensor } from "../../ort/ort.ts";
import { type Edit, editedFeatures } from "./edit.ts";

type Floats = Float32Array<ArrayBuffer>;

export interface LaidOutEdit {
  layer: number;
  site: SiteKind;
  form: SlotForm;
  /** n: features that the edit changes. */
  size: number;
  /** n, padded to whole groups: the last axis of the slot's mask and activation. */
  width: number;
  /** The inputs of its slot but for the mask, by the name of the part. */
  inputs: Readonly<Record<string, Tensor>>;
}

const padded = (count: number): number => Math.ceil(count / groupWidth) * groupWidth;

/**
 * With one group per 8 threads at least, no thread multiplies a single row, which would be summed in another order.
 * Columns of the decoder are groups enough.
 */
const threadsPerGroup = 8;

/**
 * Lays out the edits of a call. Those that differ in their place alone share their inputs: a direction is often removed at every
 * site of every block.
 */
export function layOutAll(edits: readonly Edit[], d: number, threads?: number): LaidOutEdit[] {
  const laid: { edit: Edit; out: LaidOutEdit }[] = [];
  return edits.map((edit) => {
    const { layer, site = "resid_post" } = edit;
    const twin = laid.find((one) => isSameElsewhere(one.edit, edit));
    if (twin !== undefined) return { ...twin.out, layer, site };
    const out = layOut(edit, d, threads);
    laid.push({ edit, out });
    return out;
  });
}

/** Whether two edits hold the same arrays and settings, at whatever places. */
function isSameElsewhere(one: Edit, other: Edit): boolean {
  const { layer, site } = one;
  const here: Edit = { ...other, layer, site };
  const names = new Set(Object.keys({ ...one, ...here })) as Set<keyof Edit>;
  return [...names].every((name) => one[name] === here[name]);
}

/** @param edit a checked edit @param d d_model @param threads of the session that will run it */
export function layOut(edit: Edit, d: number, threads = availableParallelism()): LaidOutEdit {
  const { layer, site = "resid_post", chosen, magnitude } = edit;
  const form = formOf(edit);
  const selects = form.rule === "topk" || form.rule === "groupmax";
  // Only these two need the features that are not edited.
  const encoded = selects ? edit : chosenOnly(edit, d);
  const m = encoded.bias.length;
  const place = form.rule === "groupmax" ? placeInGroup(m / form.k!) : (feature: number) => feature;
  const least = Math.ceil(threads / threadsPerGroup) * groupWidth;
  const wide = Math.max(padded(place(m - 1) + 1), form.rule === "groupmax" ? 0 : least);
  const vector = (values: Floats, fill: number) => {
    const out = new Float32Array(wide).fill(fill);
    for (const [feature, value] of values.entries()) out[place(feature)] = value;
    return new Tensor("float32", out, [wide]);
  };
  const size = editedFeatures(edit);
  const width = selects ? size : wide;
  const across = (values: Floats) => {
    const out = new Float32Array(width);
    out.set(values);
    return new Tensor("float32", out, [width]);
  };
  const inputs: Record<string, Tensor> = {
    encoder: inGroups(encoded.encoder, { rows: d, columns: m, wide }, place),
    // Minus infinity keeps padding silent.
    bias: vector(encoded.bias, Number.NEGATIVE_INFINITY),
    scale: across(edit.scale),
    offset: across(edit.offset),
    decoder: inGroups(withRows(edit.decoder, width * d), { rows: width, columns: d, wide: padded(d) }),
  };
  if (form.rule === "threshold") inputs["threshold"] = vector(thresholdsOf(encoded), 0);
  if (magnitude !== undefined) {
    inputs["magnitude_scale"] = vector(encoded.magnitude!.scale, 0);
    inputs["magnitude_bias"] = vector(encoded.magnitude!.bias, 0);
  }
  if (selects) {
    const features = chosen ?? Int32Array.from({ length: m }, (_, feature) => feature);
    const places = BigInt64Array.from(features, (feature) => BigInt(place(feature)));
    inputs["chosen"] = new Tensor("int64", places, [width]);
  }
  return { layer, site, form, size, width, inputs };
}

export function formOf({ activation, normalize = "none", k }: Edit): SlotForm {
  switch (activation) {
    case "identity":
    case "relu":
    case "jumprelu":
      return { rule: "threshold", k: null, normalize };
    case "gated":
      return { rule: "gated", k: null, normalize };
    case "topk":
    case "groupmax":
      return { rule: activation, k: k!, normalize };
  }
}

/** An edit of this form that changes nothing: its features are silent, and its decoder is zeros. */
export function emptyEdit(form: SlotForm, layer: number, site: SiteKind, d: number): LaidOutEdit {
  const m = form.k ?? 1;
  const zeros = (length: number) => new Float32Array(length);
  const one = { chosen: Int32Array.of(0), decoder: zeros(d), scale: zeros(1), offset: zeros(1) };
  const { normalize, k } = form;
  const own = {
    threshold: { activation: "relu" as const },
    gated: { activation: "gated" as const, magnitude: { scale: zeros(m), bias: zeros(m) } },
    topk: { activation: "topk" as const, k: k ?? 1 },
    groupmax: { activation: "groupmax" as const, k: k ?? 1 },
  }[form.rule];
  return layOut({ layer, site, normalize, encoder: zeros(d * m), bias: zeros(m), ...one, ...own }, d);
}

/** p is kept where it is above this number. */
function thresholdsOf({ activation, threshold, bias }: Edit): Floats {
  if (activation === "identity") return new Float32Array(bias.length).fill(Number.NEGATIVE_INFINITY);
  // Below a negative threshold ReLU decides.
  return threshold?.map((value) => Math.max(0, value)) ?? new Float32Array(bias.length);
}

/** The same edit, with the encoder of the chosen features alone. */
function chosenOnly(edit: Edit, d: number): Edit {
  const { chosen, encoder, bias, threshold, magnitude, ...rest } = edit;
  if (chosen === undefined) return edit;
  const m = bias.length;
  const pick = (values: Floats) => Float32Array.from(chosen, (feature) => values[feature]!);
  const n = chosen.length;
  const columns = new Float32Array(d * n);
  for (let row = 0; row < d; row++)
    for (let i = 0; i < n; i++) columns[row * n + i] = encoder[row * m + chosen[i]!]!;
  return {
    ...rest,
    encoder: columns,
    bias: pick(bias),
    threshold: threshold && pick(threshold),
    magnitude: magnitude && { scale: pick(magnitude.scale), bias: pick(magnitude.bias) },
  };
}

/** Each group of groupmax begins at a multiple of 16, so that all groups stay of one size. */
function placeInGroup(size: number): (feature: number) => number {
  const stride = padded(size);
  return (feature) => Math.floor(feature / size) * stride + (feature % size);
}

/** [rows, columns] row-major → [wide / 16, rows, 16]. @param place column → its place among `wide` */
function inGroups(
  values: Floats,
  { rows, columns, wide }: { rows: number; columns: number; wide: number },
  place: (column: number) => number = (column) => column,
): Tensor {
  const out = new Float32Array(rows * wide);
  for (let column = 0; column < columns; column++) {
    const at = place(column);
    const from = Math.floor(at / groupWidth) * rows * groupWidth + (at % groupWidth);
    for (let row = 0; row < rows; row++) out[from + row * groupWidth] = values[row * columns + column]!;
  }
  return new Tensor("float32", out, [wide / groupWidth, rows, groupWidth]);
}

/** The values with zeros behind them. */
function withRows(values: Floats, length: number): Floats {
  if (values.length === length) return values;
  const out = new Float32Array(length);
  out.set(values);
  return out;
}
