/**
 * Chooses the SAE features that stand for each category of f. They are chosen on one half of the prompts, never on the half that
 * is scored. A category without enough examples is left out and named, not filled with arbitrary indices (weakness 4).
 */
import {
  type CategoryDefinition,
  contrastWords,
  type Side,
  takesAnswer,
} from "../../core/records/category.ts";
import { groupBy } from "../../stats/group.ts";
import type { Answer, FeatureUnits } from "../common/answers.ts";
import { examplesPerSide } from "../common/choices.ts";

/** An answer with the pooled activations [d_sae] of its response. */
export interface Activated {
  answer: Answer;
  activations: Float32Array;
}

export interface SelectedFeature {
  index: number;
  /** Cohen's d on the selection half. */
  d: number;
}

interface Category {
  category: CategoryDefinition;
  features: SelectedFeature[];
}

export interface Categories {
  /** In the order in which the categories were given. */
  chosen: Category[];
  left_out: { name: string; reason: string }[];
  /** f uses (activation − center) / scale; both [d_sae]. */
  center: Float64Array;
  scale: Float64Array;
}

/** @param selection answers of the half that is not scored, each with activations [d_sae] */
export function chooseCategories(
  selection: readonly Activated[],
  categories: readonly CategoryDefinition[],
  units: FeatureUnits,
): Categories {
  const chosen: Category[] = [];
  const left_out: Categories["left_out"] = [];
  for (const category of categories) {
    const sides = sidesOf(category, selection);
    const features = featuresOf(category, sides);
    if (features.length > 0) chosen.push({ category, features });
    else {
      const words = contrastWords(category);
      const reason = tooFew(sides)
        ? `${words}: ${sides.prompts.join(" and ")} prompts on the selection half`
        : `${words}: no feature separates them`;
      left_out.push({ name: category.name, reason });
    }
  }
  return { chosen, left_out, ...unitsOf(selection, units) };
}

/** The answers on the two sides of a category's contrast, and how many prompts each side has. */
interface Sides {
  a: readonly Activated[];
  b: readonly Activated[];
  prompts: readonly [number, number];
}

export function sidesOf({ has, lacks }: CategoryDefinition, answers: readonly Activated[]): Sides {
  const on = (side: Side) =>
    answers.filter(({ answer: { prompt, verdict } }) => takesAnswer(side, prompt, verdict.outcome));
  const [a, b] = [on(has), on(lacks)];
  return { a, b, prompts: [countPrompts(a), countPrompts(b)] };
}

/** The features of a category; an empty list if a side has too few prompts. */
export function featuresOf(
  size: Pick<CategoryDefinition, "features" | "least_effect">,
  sides: Sides,
): SelectedFeature[] {
  return tooFew(sides) ? [] : selectFeatures(rows(sides.a), rows(sides.b), size);
}

/** Cohen's d of every feature that varies within at least one side, in the order of the indices. */
export function effects(a: readonly Activated[], b: readonly Activated[]): SelectedFeature[] {
  return effectSizes(rows(a), rows(b));
}

/** Indices of the features that are active in at least one answer. The others (most of a wide SAE) can never be chosen. */
export function activeFeatures(answers: readonly Activated[]): Uint32Array {
  const seen = new Set<number>();
  for (const { activations } of answers)
    activations.forEach((value, index) => {
      if (value !== 0) seen.add(index);
    });
  return Uint32Array.from(seen).sort();
}

/** The answers with only those features, in that order. */
export function keepFeatures(answers: readonly Activated[], indices: Uint32Array): Activated[] {
  return answers.map(({ answer, activations }) => ({
    answer,
    activations: Float32Array.from(indices, (index) => activations[index]!),
  }));
}

const tooFew = ({ prompts }: Sides): boolean => Math.min(...prompts) < examplesPerSide;
const rows = (side: readonly Activated[]): Float32Array[] => side.map(({ activations }) => activations);

const countPrompts = (side: readonly Activated[]): number =>
  groupBy(side, ({ answer }) => answer.prompt.id).size;

/**
 * Selects the features that are more active on side a, largest Cohen's d first: at most as many as the category may hold, each
 * with
 * at least the category's least effect. Features that are less active on side a are not used: they would have to enter f with a
 * minus sign, and f holds activations.
 * @param a activations [n][d_sae] of answers with the content @param b the same of answers without it
 */
export function selectFeatures(
  a: readonly Float32Array[],
  b: readonly Float32Array[],
  { features, least_effect }: Pick<CategoryDefinition, "features" | "least_effect">,
): SelectedFeature[] {
  return effectSizes(a, b)
    .filter(({ d }) => d >= least_effect)
    .sort((x, y) => y.d - x.d || x.index - y.index)
    .slice(0, features);
}

function effectSizes(a: readonly Float32Array[], b: readonly Float32Array[]): SelectedFeature[] {
  const [left, right] = [moments(a), moments(b)];
  const features: SelectedFeature[] = [];
  left.mean.forEach((mean, index) => {
    const pooled = (left.squares[index]! + right.squares[index]!) / (a.length + b.length - 2);
    if (pooled > 0) features.push({ index, d: (mean - right.mean[index]!) / Math.sqrt(pooled) });
  });
  return features;
}

/** Mean and sum of squared deviations of every column: [n][d] in, [d] out. */
function moments(rows: readonly Float32Array[]): { mean: Float64Array; squares: Float64Array } {
  const d = rows[0]!.length;
  const mean = new Float64Array(d);
  const squares = new Float64Array(d);
  for (const row of rows) for (let j = 0; j < d; j++) mean[j]! += row[j]! / rows.length;
  for (const row of rows) for (let j = 0; j < d; j++) squares[j]! += (row[j]! - mean[j]!) ** 2;
  // A spread this small is rounding error: float32 values that really differ, differ by far more.
  for (let j = 0; j < d; j++)
    if (squares[j]! <= rows.length * (1e-12 * Math.abs(mean[j]!)) ** 2) squares[j] = 0;
  return { mean, squares };
}

function unitsOf(selection: readonly Activated[], units: FeatureUnits): Pick<Categories, "center" | "scale"> {
  const d = selection[0]?.activations.length ?? 0;
  if (units === "activation" || d === 0)
    return { center: new Float64Array(d), scale: new Float64Array(d).fill(1) };
  const { mean, squares } = moments(selection.map(({ activations }) => activations));
  // A selected feature varies on the selection half, so its scale is positive.
  return { center: mean, scale: squares.map((sum) => Math.sqrt(sum / selection.length)) };
}

/**
 * f [chosen categories]: the mean of each category's features, every feature in its unit. If no chosen feature is active, f is
 * all
 * zero and D is undefined: inactive features are no evidence of a difference.
 */
export function categoryVector(
  activations: Float32Array,
  { chosen, center, scale }: Omit<Categories, "left_out">,
): number[] {
  const silent = chosen.every(({ features }) => features.every(({ index }) => activations[index] === 0));
  return chosen.map(({ features }) => {
    if (silent) return 0;
    let sum = 0;
    for (const { index } of features) sum += (activations[index]! - center[index]!) / scale[index]!;
    return sum / features.length;
  });
}
