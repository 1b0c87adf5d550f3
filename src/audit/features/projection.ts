/**
 * The learned projection from features to categories: a linear map with a margin loss, besides the plain means of categories.ts.
 * It has one column per category, because categories overlap: an answer can be hazardous and refused. Each column is fitted on
 * the
 * selection half to tell the two sides of its contrast apart. Its accuracy is only ever reported for the scored half, and beside
 * the accuracy that the same procedure, choice of features included, reaches on shuffled labels. (BioRefusalAudit, arXiv
 * 2605.30162, does neither.)
 */

import { clusterOf } from "../../core/cluster.ts";
import type { Random } from "../../core/random.ts";
import type { CategoryDefinition } from "../../core/records/category.ts";
import { fitMargin } from "../../stats/fits/margin.ts";
import { groupBy } from "../../stats/group.ts";
import { mean } from "../../stats/summary.ts";
import { marginCost, marginTolerance, projectionDeals } from "../common/choices.ts";
import { type Activated, activeFeatures, chooseCategories, keepFeatures, sidesOf } from "./categories.ts";
import { dealPrompts } from "./deal.ts";

export interface Projection {
  /** Indices in the SAE [k], rising: every feature that was chosen for a category. */
  features: number[];
  /** A category's number is Σ weights [k] · pooled activations [k] + bias. Above 0 it says "has", below 0 "lacks". */
  columns: { category: CategoryDefinition; weights: number[]; bias: number }[];
}

/** The share, 0 to 1, of a prompt's answers on one side that the map puts on the right side. */
export interface Hit {
  prompt: string;
  cluster: string;
  side: "has" | "lacks";
  share: number;
}

export interface HeldOut {
  category: CategoryDefinition;
  /** One per prompt of the scored half and side that its answers are on. */
  hits: Hit[];
  /** Balanced accuracy with labels shuffled within each half, one per shuffle; NaN where a side is empty. */
  dealt: number[];
}

export interface MeasuredProjection {
  projection: Projection;
  held_out: HeldOut[];
}

/**
 * Fits the map on one set of answers and measures it on another.
 * @param selection answers to fit on @param held answers of other prompts; a matched pair is never split between the two
 * @returns the map over the categories that have features, which may be none
 */
export function measureProjection(
  selection: readonly Activated[],
  held: readonly Activated[],
  categories: readonly CategoryDefinition[],
  random: Random,
): MeasuredProjection {
  const active = activeFeatures(selection);
  const [fitted, judged] = [keepFeatures(selection, active), keepFeatures(held, active)];
  const projection = fitProjection(fitted, categories);
  const held_out = projection.columns.map(({ category }) => ({
    category,
    hits: hitsOf(projection, category, judged),
    dealt: [] as number[],
  }));
  for (let deal = 0; deal < projectionDeals; deal++) {
    const chance = fitProjection(dealPrompts(fitted, random), categories);
    const dealt = dealPrompts(judged, random);
    for (const one of held_out) one.dealt.push(balancedAccuracy(hitsOf(chance, one.category, dealt)));
  }
  return {
    projection: { ...projection, features: projection.features.map((index) => active[index]!) },
    held_out,
  };
}

/** @param answers [n] with activations [d]; n may be far below d, because the loss is regularized and held-out answers test it */
export function fitProjection(
  answers: readonly Activated[],
  categories: readonly CategoryDefinition[],
): Projection {
  const { chosen, center, scale } = chooseCategories(answers, categories, "standardized");
  const features = [...new Set(chosen.flatMap((one) => one.features.map(({ index }) => index)))].sort(
    (a, b) => a - b,
  );
  // Each standardized feature has a mean square of 1. Divided by √(number of features), an answer has mean square length 1.
  const unit = features.map((index) => scale[index]! * Math.sqrt(features.length));
  const rowOf = ({ activations }: Activated) =>
    Float64Array.from([...features.map((index, j) => (activations[index]! - center[index]!) / unit[j]!), 1]);
  return {
    features,
    columns: chosen.map(({ category }) => {
      const w = fitColumn(category, answers, rowOf);
      const weights = unit.map((size, j) => w[j]! / size);
      const shift = weights.reduce((sum, weight, j) => sum + weight * center[features[j]!]!, 0);
      return { category, weights, bias: w.at(-1)! - shift };
    }),
  };
}

function fitColumn(
  category: CategoryDefinition,
  answers: readonly Activated[],
  rowOf: (answer: Activated) => Float64Array,
): Float64Array {
  const { a, b, prompts } = sidesOf(category, answers);
  const n = prompts[0] + prompts[1];
  const side = (members: readonly Activated[], y: 1 | -1, count: number) => {
    const samples = groupBy(members, ({ answer }) => answer.prompt.id);
    return members.map((member) => ({
      x: rowOf(member),
      y,
      // Both sides have equal weight, whatever their number of prompts; so have the prompts of a side, whatever their number of
      // samples.
      cost: (marginCost * n) / (2 * count * samples.get(member.answer.prompt.id)!.length),
    }));
  };
  const rows = [...side(a, 1, prompts[0]), ...side(b, -1, prompts[1])];
  return fitMargin({
    x: rows.map(({ x }) => x),
    y: rows.map(({ y }) => y),
    cost: rows.map(({ cost }) => cost),
    tolerance: marginTolerance,
  });
}

/** f [columns] of an answer. If no feature of the map is active, f is all zero and D is undefined. */
export function projected({ features, columns }: Projection, activations: Float32Array): number[] {
  const active = features.map((index) => activations[index]!);
  if (active.every((value) => value === 0)) return columns.map(() => 0);
  return columns.map(({ weights, bias }) =>
    weights.reduce((sum, weight, j) => sum + weight * active[j]!, bias),
  );
}

function hitsOf(projection: Projection, category: CategoryDefinition, held: readonly Activated[]): Hit[] {
  const column = projection.columns.findIndex((one) => one.category === category);
  const { a, b } = sidesOf(category, held);
  const side = (members: readonly Activated[], name: Hit["side"]): Hit[] =>
    [...groupBy(members, ({ answer }) => answer.prompt.id).values()].map((samples) => ({
      prompt: samples[0]!.answer.prompt.id,
      cluster: clusterOf(samples[0]!.answer.prompt),
      side: name,
      share: mean(
        samples.map(({ activations }) => {
          // Without this column, or with a value of exactly 0, the map counts as right half of the time.
          const value = column < 0 ? 0 : projected(projection, activations)[column]!;
          return value === 0 ? 0.5 : value > 0 === (name === "has") ? 1 : 0;
        }),
      ),
    }));
  return [...side(a, "has"), ...side(b, "lacks")];
}

/** Mean of the two sides' shares. 0.5 is chance, however unequal the sides are. NaN if a side is empty. */
export function balancedAccuracy(hits: readonly Hit[]): number {
  const shareOf = (name: Hit["side"]) => {
    const own = hits.filter(({ side }) => side === name).map(({ share }) => share);
    return own.length === 0 ? NaN : mean(own);
  };
  return (shareOf("has") + shareOf("lacks")) / 2;
}
