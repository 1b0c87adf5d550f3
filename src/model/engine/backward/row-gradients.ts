/** The gradients of one input, and the check that all are finite. */
import { badInput } from "../../../core/errors.ts";
import type { Site } from "../../architecture/slots/sites.ts";
import { firstNotFinite } from "../../weights/finite.ts";

type Floats = Float32Array<ArrayBuffer>;

/** The form of the gradients of masks. */
export type MaskGradients = "summed" | "by_token";

/** Axes: T tokens of the input, d d_model, n edited features of an edit. */
export interface RowGradients {
  /** The value of the objective. */
  value: number;
  /** d value / d each wanted site, after the site's edits: [T, d]. Zeros above the objective. */
  sites: Floats[];
  /** The values at these sites, after the site's edits: [T, d]. Empty when not wanted. */
  values: Floats[];
  /** d value / d mask of each edit: per token [T, n], or summed over tokens [n]. Empty when not wanted. */
  masks: Floats[];
  /** The activations of each edit's features, before the edit, [T, n]. Empty when not wanted. */
  activations: Floats[];
  /** Full name of a weight → d value / d weight, in the weight's shape, for every weight of the wanted block. */
  weights: Map<string, Floats>;
}

/** @throws FathomError naming the input and the first result with NaN or an infinity */
export function requireFinite(row: RowGradients, id: string, sites: readonly Site[]): void {
  const all = [
    ...row.sites.map(
      (values, i) => [`the gradient of ${sites[i]!.site} ${sites[i]!.layer}`, values] as const,
    ),
    ...row.masks.map((values, i) => [`the gradient of the mask of edit ${i}`, values] as const),
    ...[...row.weights].map(([name, values]) => [`the gradient of "${name}"`, values] as const),
  ];
  const bad = all.find(([, values]) => firstNotFinite(values) >= 0)?.[0];
  if (bad !== undefined || !Number.isFinite(row.value))
    throw badInput(
      `gradients of ${JSON.stringify(id)}`,
      "finite numbers",
      `NaN or Infinity in ${bad ?? "the value"}`,
    );
}
