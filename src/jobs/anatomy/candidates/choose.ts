/**
 * The features that the search may ablate: those whose decoder rows lie along the refusal direction, as published (arXiv
 * 2509.09708), and those whose ablation lowers the score by the gradient, on the clean run and where the first ones are
 * ablated; on demand also by integrated gradients on the way there (arXiv 2505.23556). A feature that is silent on the clean run is
 * found by its cosine, or by what it does once it wakes.
 */
import { unionOfRankings } from "../../../anatomy/ranking/ranking.ts";
import type { Candidate } from "../../../anatomy/subject/subject.ts";

/** The features of one SAE, [features] each. */
export interface RankedDictionary {
  key: string;
  layer: number;
  /** Cosine of the decoder row with the direction. */
  cosine: Float64Array;
  /** Estimated change of the score by ablation; one array per run in which it was estimated. */
  effects: readonly Float64Array[];
}

/**
 * @param most all features are candidates if there are no more than these
 * @returns the candidates by dictionary and feature
 */
export function chooseCandidates(dictionaries: readonly RankedDictionary[], most: number): Candidate[] {
  const all = dictionaries.flatMap(({ key, layer, cosine }) =>
    Array.from(cosine, (_, feature): Candidate => ({ sae: key, layer, feature })),
  );
  if (all.length <= most) return all;
  const starts = dictionaries.map((_, i) =>
    dictionaries.slice(0, i).reduce((sum, { cosine }) => sum + cosine.length, 0),
  );
  // Published: the most similar features of each layer, layer by layer.
  const byCosine = dictionaries.map(({ cosine }, i) =>
    falling(cosine).map((feature) => starts[i]! + feature),
  );
  const runs = dictionaries[0]!.effects.map((_, run) => {
    const effect = dictionaries.flatMap(({ effects }) => [...effects[run]!]);
    return falling(effect.map((value) => -value)).filter((feature) => effect[feature]! < 0);
  });
  const cosines = interleaved(byCosine);
  return unionOfRankings([cosines, ...runs], most).map((index) => all[index]!);
}

/** Indices, the largest value first; of equal ones the earlier. */
const falling = (values: ArrayLike<number>): number[] =>
  Array.from(values, (_, i) => i).sort((a, b) => values[b]! - values[a]! || a - b);

/** The first of each list, then the second of each, and so on. */
function interleaved(lists: readonly (readonly number[])[]): number[] {
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, i) => lists.flatMap((list) => list.slice(i, i + 1))).flat();
}
