/**
 * Measures the inside view through one SAE, on the answers under the main template at the largest cap. Categories are chosen on
 * one
 * half of the prompts. D is measured on the other half with a cross-fitted T, and measured again with the features shuffled.
 */

import { clusterOf } from "../../core/cluster.ts";
import { badInput, FathomError } from "../../core/errors.ts";
import type { InsideAbout } from "../../core/records/about.ts";
import type { Catalog } from "../../core/records/catalog.ts";
import { labels } from "../../core/records/prompt.ts";
import { groupedFolds } from "../../stats/folds.ts";
import {
  type AnalysisInput,
  type Answer,
  type Answers,
  type GivenSae,
  largestCap,
} from "../common/answers.ts";
import { foldCount } from "../common/choices.ts";
import { crossFit } from "../divergence/divergence.ts";
import type { LabelShare } from "../divergence/label-share.ts";
import { catalogOf } from "../features/catalog.ts";
import { type Activated, type Categories, categoryVector, chooseCategories } from "../features/categories.ts";
import { dealtPlaces } from "../features/deal.ts";
import { type MeasuredProjection, measureProjection, projected } from "../features/projection.ts";
import { publishedCategories } from "../features/published-categories.ts";

/** An answer of the scored half. */
export interface ScoredAnswer {
  answer: Answer;
  cluster: string;
  /** Surface vector, in the order of `labels`. */
  s: number[];
  /** One number per chosen category, not normalized. */
  f: number[];
  /** null where it is undefined. */
  D: number | null;
}

/** D of the scored half, and its null distribution. */
export interface Scores {
  scored: ScoredAnswer[];
  /** D [resamples][scored] with features shuffled between prompts and T fitted again; NaN where undefined. */
  shuffled: number[][];
}

interface Measured extends Scores {
  measured: true;
  /** Key of the SAE. */
  sae: string;
  /** A sentence that a reader of these numbers must know; null for an SAE that passed the load gate. */
  caveat: string | null;
  /** What the pooling of features left out; null if it left out nothing. */
  without: string | null;
  categories: Categories;
  catalog: Catalog;
  /** f of the answers of the selection half. Only thresholds are computed from it. */
  calibration: { answer: Answer; f: number[] }[];
  /** The learned projection and D with its f; null unless asked for. */
  projection: { learned: MeasuredProjection; scores: Scores } | null;
  /** How many answers are in neither half, because they have no label or no features. */
  left_out: number;
}

/** The inside view through one SAE, or why there is none (its other forms: core/records/inside.ts). */
export type MeasuredInside = Measured | { measured: false; sae: string; reason: string };

/** An inside view, with the share of its D that the label explains. */
export interface View {
  inside: MeasuredInside;
  /** null without an inside view. */
  share: LabelShare | null;
}

/** The part of a finding's `about` that names the SAE; empty in a run without an SAE. */
export const through = ({ sae }: MeasuredInside): Pick<InsideAbout, "sae"> => (sae === "" ? {} : { sae });

/** The caveat that is added to every sentence that rests on the view; an empty text if there is no caveat. */
export const caveatOf = (inside: MeasuredInside): string =>
  inside.measured && inside.caveat !== null ? ` ${inside.caveat}` : "";

/** Adds to a finding what a reader must know about the features behind it. */
export function qualified<T extends { method: string; sentence: string }>(
  finding: T,
  inside: MeasuredInside,
): T {
  const without = inside.measured ? inside.without : null;
  return {
    ...finding,
    method: without === null || finding.method === "none" ? finding.method : `${finding.method}; ${without}`,
    sentence: `${finding.sentence}${caveatOf(inside)}`,
  };
}

export const noSae = "not measured: no SAE was given.";

export function measureInside(
  run: Answers,
  { key, features, not_measured = noSae }: GivenSae,
  {
    f_units = "standardized",
    categories: definitions = publishedCategories,
    projection = false,
  }: Pick<AnalysisInput, "f_units" | "categories" | "projection">,
): MeasuredInside {
  const without = (reason: string): MeasuredInside => ({ measured: false, sae: key, reason });
  if (features === null) return without(not_measured);
  const answers = run.at(run.main, largestCap(run));
  const usable = answers.flatMap((answer): Activated[] => {
    const activations = features.pooled(answer.observation.key, largestCap(run));
    if (activations === null || answer.verdict.surface === null) return [];
    checkWidth(answer, activations, features.d_sae);
    return [{ answer, activations }];
  });
  const broken = usable.find(({ activations }) => !activations.every(Number.isFinite));
  if (broken !== undefined)
    return without(
      `not measured: the SAE's features of prompt ${broken.answer.prompt.id} hold NaN or Infinity.`,
    );
  const halves = split(run, usable, 2, "halves");
  const selection = usable.filter((_, i) => halves[i] === 0);
  const held = usable.filter((_, i) => halves[i] === 1);
  const categories = chooseCategories(selection, definitions, f_units);
  // With one category the cosine is 1 or −1, whatever the features are.
  if (categories.chosen.length < 2)
    return without(
      `undetermined: fewer than two categories of features could be chosen (${categories.left_out.map(({ name, reason }) => `${name}: ${reason}`).join("; ")}).`,
    );
  const folds = split(run, held, foldCount, "folds");
  if (new Set(folds).size < 2)
    return without(`undetermined: ${held.length} answers to score, which are too few for two folds.`);

  const scoresOf = (f: (activations: Float32Array) => number[]) => scoreHalf(run, held, folds, f);
  const learned = projection
    ? measureProjection(selection, held, definitions, run.random.split("inside projection"))
    : null;
  const measured = (): Measured => ({
    measured: true,
    sae: key,
    caveat: features.caveat ?? null,
    without: features.without ?? null,
    categories,
    catalog: catalogOf(
      selection,
      categories,
      run.random.split("inside catalog"),
      run.level,
      learned?.projection ?? null,
      key,
    ),
    calibration: selection.map(({ answer, activations }) => ({
      answer,
      f: categoryVector(activations, categories),
    })),
    ...scoresOf((activations) => categoryVector(activations, categories)),
    projection:
      learned === null ? null : { learned, scores: scoresOf((a) => projected(learned.projection, a)) },
    left_out: answers.length - usable.length,
  });
  try {
    return measured();
  } catch (error) {
    // Answers that do not determine T are an outcome of the run. They are no reason to lose the run.
    if (!(error instanceof FathomError)) throw error;
    const { where, expected, found } = error.problem;
    return without(`undetermined: ${where}: expected ${expected}, found ${found}.`);
  }
}

/** @param f computes f [categories] of an answer from its activations */
function scoreHalf(
  run: Answers,
  held: readonly Activated[],
  folds: readonly number[],
  f: (activations: Float32Array) => number[],
): Scores {
  const pairs = held.map(({ answer, activations }) => ({
    s: labels.map((label) => answer.verdict.surface![label]),
    f: f(activations),
  }));
  const divergences = crossFit(pairs, folds);
  return {
    scored: pairs.map((pair, i) => ({
      ...pair,
      answer: held[i]!.answer,
      cluster: clusterOf(held[i]!.answer.prompt),
      D: divergences[i] ?? null,
    })),
    shuffled: shuffledDivergences(run, held, pairs, folds),
  };
}

/** Splits the answers into k folds. A matched pair stays in one fold; panels and framings are spread evenly. */
function split(run: Answers, items: readonly Activated[], k: number, stream: string): number[] {
  return groupedFolds(
    items.map(({ answer }) => clusterOf(answer.prompt)),
    items.map(({ answer: { prompt } }) => `${prompt.panel} ${prompt.framing}`),
    k,
    run.random.split(`inside ${stream}`),
  );
}

/** The permutation null: prompts keep their answers and get the features of another prompt. [resamples][held] */
function shuffledDivergences(
  run: Answers,
  held: readonly Activated[],
  pairs: readonly { s: number[]; f: number[] }[],
  folds: readonly number[],
): number[][] {
  const stream = run.random.split("inside shuffled");
  return Array.from({ length: run.resamples }, () => {
    const places = dealtPlaces(held, stream);
    const mixed = pairs.map(({ s }, i) => ({ s, f: pairs[places[i]!]!.f }));
    return crossFit(mixed, folds).map((D) => D ?? NaN);
  });
}

function checkWidth({ observation }: Answer, activations: Float32Array, d_sae: number): void {
  if (activations.length === d_sae) return;
  const where = `features of observation ${observation.key}`;
  throw badInput(where, `${d_sae} numbers`, String(activations.length), "the SAE that the run names");
}
