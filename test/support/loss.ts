/**
 * The loss of an SAE and its complete gradients in float64, from weights in the canonical layout, as another library
 * has them.
 */
import { lossGraph } from "../../src/sae/training/loss/loss.ts";
import { addPlaceGradients, byFeature } from "../../src/sae/training/loss/place-gradients.ts";
import type { LossTerm, Objective } from "../../src/sae/training/objectives/objective.ts";
import { type commonNames, dimsOf, trainedNames, type Widths } from "../../src/sae/training/state/weights.ts";
import { type Numbers, open } from "./graph.ts";

export const numbers = (dims: readonly number[], data: ArrayLike<number>): Numbers => ({
  dtype: "float64",
  dims,
  data: Array.from(data),
});

/** [rows, columns] → [columns, rows] */
export const turned = (values: readonly number[], columns: number): number[] =>
  Array.from({ length: columns }, (_, column) =>
    values.filter((_value, at) => at % columns === column),
  ).flat();

/**
 * @param weights W_enc [d_in, d_sae] and the others
 * @param feeds the variance and the inputs of the terms
 * @returns the graph's outputs, and gradients by name; the gradient of W_enc is [d_in, d_sae]
 */
export async function lossOf(
  widths: Widths,
  objective: Objective,
  terms: readonly LossTerm[],
  x: readonly number[],
  weights: Readonly<Record<string, readonly number[]>>,
  feeds: Readonly<Record<string, Numbers>>,
) {
  const { d_in, d_sae } = widths;
  const trained = { ...weights, W_encT: turned(weights["W_enc"]!, d_sae) } as Record<
    string,
    readonly number[]
  >;
  const names = trainedNames(objective.own);
  const run = await open(lossGraph(widths, objective, terms, "float64"));
  const found = await run({
    x: numbers([x.length / d_in, d_in], x),
    ...Object.fromEntries(names.map((name) => [name, numbers(dimsOf(name, widths), trained[name]!)])),
    ...feeds,
  });
  const float64 = (name: string) => Float64Array.from(found[name]!.data);
  const gradients = Object.fromEntries(
    names.map((name) => [
      name,
      `d ${name}` in found ? float64(`d ${name}`) : new Float64Array(trained[name]!.length),
    ]),
  ) as Record<(typeof commonNames)[number], Float64Array<ArrayBuffer>>;
  let fired: readonly number[];
  if ("indices" in found) {
    const { dims, data } = found["indices"];
    const outputs = {
      indices: Int32Array.from(data),
      values: float64("values"),
      dValues: float64("d values"),
      dDecoded: float64("d decoded"),
    };
    const places = byFeature(outputs, dims[1] ?? null, d_sae);
    const of = { W_encT: Float64Array.from(trained["W_encT"]!), b_dec: Float64Array.from(trained["b_dec"]!) };
    const all = { from: 0, to: d_sae };
    const ofCentre = addPlaceGradients(gradients, places, outputs, Float64Array.from(x), of, all);
    gradients.b_dec = gradients.b_dec.map((value, i) => value - ofCentre[i]!);
    fired = Array.from(
      { length: d_sae },
      (_, feature) => places.starts[feature + 1]! - places.starts[feature]!,
    );
  } else fired = found["fired"]!.data;
  const { W_encT, ...others } = gradients;
  return {
    found,
    fired,
    gradients: { ...others, W_enc: turned([...W_encT], d_in) } as Record<string, ArrayLike<number>>,
  };
}
