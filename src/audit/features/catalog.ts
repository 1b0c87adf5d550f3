/**
 * Says how far the choice of features can be trusted. Every chosen feature gets its effect with an interval, its p value adjusted
 * for the false-discovery rate, and the share of resamples of the selection half that choose it again.
 */

import { clusterOf } from "../../core/cluster.ts";
import type { Random } from "../../core/random.ts";
import type { Catalog } from "../../core/records/catalog.ts";
import { type CategoryDefinition, contrastWords } from "../../core/records/category.ts";
import { studentTail } from "../../stats/distributions/student.ts";
import { cohensDInterval } from "../../stats/effect.ts";
import { groupBy } from "../../stats/group.ts";
import { benjaminiHochberg } from "../../stats/multiple/bh.ts";
import { catalogResamples } from "../common/choices.ts";
import {
  type Activated,
  activeFeatures,
  type Categories,
  effects,
  featuresOf,
  keepFeatures,
  sidesOf,
} from "./categories.ts";
import type { Projection } from "./projection.ts";

/** @param selection the half that `chosen` was chosen on @param random the catalog's own stream @param sae key of the SAE */
export function catalogOf(
  selection: readonly Activated[],
  { chosen }: Pick<Categories, "chosen">,
  random: Random,
  level: number,
  projection: Projection | null,
  sae: string,
): Catalog {
  const timesChosen = chosenAgain(
    selection,
    chosen.map(({ category }) => category),
    random,
  );
  return {
    schema: 1,
    sae,
    level,
    resamples: catalogResamples,
    prompts: groupBy(selection, ({ answer }) => answer.prompt.id).size,
    categories: chosen.map(({ category, features }) => {
      const { a, b } = sidesOf(category, selection);
      const [nA, nB] = [countClusters(a), countClusters(b)];
      // Answers of one matched pair are not independent. So pairs are counted, and p is rather too large than too small.
      const p = effects(a, b).map(({ index, d }) => ({
        index,
        // One pair on each side can show no difference.
        p: nA + nB < 3 ? 1 : studentTail(d * Math.sqrt((nA * nB) / (nA + nB)), nA + nB - 2),
      }));
      const q = benjaminiHochberg(p.map((test) => test.p));
      const tests = new Map(p.map((test, i) => [test.index, { p: test.p, q: q[i]! }]));
      return {
        name: category.name,
        contrast: contrastWords(category),
        groups: [nA, nB],
        tested: p.length,
        features: features.map(({ index, d }) => ({
          feature: index,
          d,
          interval: [...cohensDInterval(d, nA, nB, level)],
          ...tests.get(index)!,
          stability: (timesChosen.get(category)!.get(index) ?? 0) / catalogResamples,
          neuronpedia: null,
          contexts: [],
        })),
      };
    }),
    projection: projection === null ? null : storedProjection(projection),
  };
}

function storedProjection({ features, columns }: Projection): Catalog["projection"] {
  const categories = columns.map(({ category: { name }, weights, bias }) => ({ name, weights, bias }));
  return { features, categories };
}

const countClusters = (side: readonly Activated[]): number =>
  groupBy(side, ({ answer }) => clusterOf(answer.prompt)).size;

/**
 * Counts on how many bootstrap resamples (of whole matched pairs) each feature is chosen, by category and index. A resample with
 * too few examples of a category chooses no feature for it.
 */
function chosenAgain(
  selection: readonly Activated[],
  categories: readonly CategoryDefinition[],
  random: Random,
): Map<CategoryDefinition, Map<number, number>> {
  const times = new Map(categories.map((category) => [category, new Map<number, number>()]));
  const active = activeFeatures(selection);
  const narrow = keepFeatures(selection, active);
  const clusters = [...groupBy(narrow, ({ answer }) => clusterOf(answer.prompt)).values()];
  for (let draw = 0; draw < catalogResamples; draw++) {
    const drawn = clusters.flatMap(() => clusters[random.integer(clusters.length)]!);
    for (const [category, counts] of times)
      for (const { index } of featuresOf(category, sidesOf(category, drawn)))
        counts.set(active[index]!, (counts.get(active[index]!) ?? 0) + 1);
  }
  return times;
}
