/** The catalog's table, as the page and the Markdown show it. This file does not import zod, so that the page stays small. */

import { formatInterval, formatNumber, formatProbability, formatValue } from "../core/format.ts";
import type { Catalog, CatalogCategory, CatalogContext } from "../core/records/catalog.ts";

/**
 * The false-discovery rate that is allowed: a chosen feature with q up to this counts as discovered. 0.05 is the usual choice.
 */
const discoveryRate = 0.05;

export const catalogHead = (level: number): string[] => [
  "Feature",
  "Cohen's d",
  `${Math.round(level * 100)}% interval`,
  "q",
  "Chosen again",
  "Neuronpedia",
];

/** One row per feature of a category, strongest first. `neuronpedia` is null where the SAE names no page. */
export function catalogRows({ features }: CatalogCategory) {
  return features.map(({ feature, d, interval, q, stability, neuronpedia, contexts }) => ({
    cells: [
      String(feature),
      formatNumber(d),
      formatInterval(interval, "d"),
      formatProbability(q),
      formatValue(stability, "share"),
    ],
    neuronpedia,
    contexts,
  }));
}

/** The tokens on which a feature is strongest, each once, e.g. `" cannot"`. Shown where no answer may be quoted. */
export const strongestTokens = (contexts: readonly CatalogContext[]): string[] => [
  ...new Set(
    contexts.flatMap(({ around }) => (around === null ? [] : [JSON.stringify(around.tokens[around.at])])),
  ),
];

export const categoryTitle = ({ name }: CatalogCategory): string => {
  const words = name.replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
};

/** Says what was contrasted, how many features were chosen out of how many, and how many of them are discoveries. */
export function categorySentence(category: CatalogCategory): string {
  const { contrast, features, groups, tested } = category;
  const discovered = features.filter(({ q }) => q <= discoveryRate).length;
  return (
    `${contrast.charAt(0).toUpperCase()}${contrast.slice(1)} (${groups.join(" and ")} matched groups): ` +
    `${features.length} of ${tested} features chosen, ${discovered} of them with q up to ${discoveryRate * 100}%.`
  );
}

export const catalogLead = ({ prompts, resamples }: Catalog): string =>
  `Chosen on ${prompts} prompts that are never scored, by effect size alone. q is the false-discovery rate at which a feature ` +
  `would still be told apart from chance, over all features tested for its category; "chosen again" is the share of ` +
  `${resamples} resamples of those prompts on which it is chosen. A feature with a large q, or seldom chosen again, ` +
  `is not known to belong to its category.`;
