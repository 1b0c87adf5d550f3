/**
 * Which features to ablate first: a first-order estimate of what ablating each would do to the refusal score, from gradients with respect
 * to the ablation masks. One backward pass ranks all candidates of all sites.
 */
import { mean } from "../../stats/summary.ts";
import { keyOf, union, without } from "../subject/feature-set.ts";
import type { FeatureSet, Subject } from "../subject/subject.ts";
import { scoresOf, type Trial } from "../trial/trial.ts";

export interface Estimate {
  /**
   * [candidates]: estimated change of the refusal score, in log-odds and averaged over the prompts, as the candidate is ablated: the
   * trapezoid (g0 + g1) / 2 of the gradients before and after the ablation of all. Negative: ablation lowers the refusal.
   */
  effect: Float64Array;
  /** [candidates]: |g1 - g0| is at least 2 |g0|, so the first order says little and the feature should be ablated for real. */
  curved: boolean[];
}

/** The gradients of a trial's prompts with a set ablated, averaged over the prompts: [candidates]. */
export type Gradient = (off: FeatureSet) => Promise<Float64Array>;

type Runs = Pick<Trial, "prompts" | "around">;

/** A gradient that was computed once is kept: every ranking needs the one of the clean run. */
export function gradientOf(subject: Subject, runs: Runs): Gradient {
  const known = new Map<string, Promise<Float64Array>>();
  return (off) => {
    const kept = known.get(keyOf(off)) ?? meanGradients(subject, runs, off);
    known.set(keyOf(off), kept);
    return kept;
  };
}

/** @param gradient of the runs in question @param to the set that is ablated at the other end */
export async function estimate(gradient: Gradient, to: FeatureSet): Promise<Estimate> {
  const before = await gradient([]);
  const after = await gradient(to);
  return {
    effect: before.map((g, f) => (g + after[f]!) / 2),
    curved: Array.from(before, (g, f) => {
      const change = Math.abs(after[f]! - g);
      return change > 0 && change >= 2 * Math.abs(g);
    }),
  };
}

/**
 * Integrated gradients: the mean of gradients along the path from the clean run to a whole ablation, by the midpoints of equal steps.
 * The path ablates one SAE's features and nothing else: all sites at once would count an upstream feature's step again in the features
 * below it (Yeo et al. 2025, arXiv 2505.23556, do).
 * @param gradientAt [features], at this share of the ablation
 * @returns [features] as {@link Estimate.effect}; their sum tends to what the whole ablation does as the steps get more
 */
export async function integrated(
  gradientAt: (strength: number) => Promise<Float64Array>,
  steps: number,
): Promise<Float64Array> {
  const at = (step: number) => gradientAt((step + 1 / 2) / steps);
  let sum = await at(0);
  for (let step = 1; step < steps; step++) {
    const gradient = await at(step);
    sum = sum.map((value, f) => value + gradient[f]!);
  }
  return sum.map((value) => value / steps);
}

/** [candidates]: gradients averaged over the prompts. */
async function meanGradients(
  subject: Subject,
  { prompts, around }: Runs,
  off: FeatureSet,
): Promise<Float64Array> {
  const distinct = [...new Set(prompts)];
  const rows = await subject.sensitivities(
    distinct.map((prompt) => ({ prompt, off: union(around(prompt), off) })),
  );
  return Float64Array.from(subject.candidates, (_, f) => mean(rows.map(({ gradient }) => gradient[f]!)));
}

export interface MeasuredEffect {
  /** Change of the mean score as the feature is ablated on its own, log-odds. */
  alone: number;
  /** The same as the last of `all`. A feature that shares its work with another does nothing alone. */
  last: number;
}

/**
 * What ablation really does, for features whose estimate cannot be trusted.
 * @returns [features], averaged over the prompts
 */
export async function measuredEffects(
  subject: Subject,
  runs: Runs,
  features: readonly number[],
  all: FeatureSet,
): Promise<MeasuredEffect[]> {
  const sets = [[], all, ...features.map((f) => [f]), ...features.map((f) => without(all, [f]))];
  const [none, whole, ...single] = (await scoresOf(subject, runs, sets)).map((scores) => mean([...scores]));
  return features.map((_, i) => ({
    alone: single[i]! - none!,
    last: whole! - single[features.length + i]!,
  }));
}

/**
 * Candidates of `among`, the one whose ablation lowers the refusal most first.
 * @param decoderCosine [candidates], cosine of the decoder row with the refusal direction: the published order, which breaks ties here
 */
export function ranked(
  effect: Float64Array,
  among: FeatureSet,
  decoderCosine: Float64Array | null,
): number[] {
  return [...among].sort(
    (a, b) =>
      effect[a]! - effect[b]! ||
      (decoderCosine === null ? 0 : decoderCosine[b]! - decoderCosine[a]!) ||
      a - b,
  );
}

/** The first `count` of several rankings: each in turn gives its best that is not taken yet. */
export function unionOfRankings(rankings: readonly (readonly number[])[], count: number): FeatureSet {
  const taken = new Set<number>();
  const next = rankings.map(() => 0);
  for (let idle = 0, turn = 0; taken.size < count && idle < rankings.length; turn++) {
    const at = turn % rankings.length;
    while (next[at]! < rankings[at]!.length && taken.has(rankings[at]![next[at]!]!)) next[at]!++;
    const feature = rankings[at]![next[at]!];
    idle = feature === undefined ? idle + 1 : 0;
    if (feature !== undefined) taken.add(feature);
  }
  return [...taken].sort((a, b) => a - b);
}
