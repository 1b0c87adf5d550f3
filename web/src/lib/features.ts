/** Searches and sorts an SAE's features. It is pure, so it can be tested without a browser. */

import { toCsv } from "../../../src/core/csv.ts";
import type { SaeFeature } from "../../../src/core/records/sae-report.ts";
import { inOrder, type Order, wordsOf } from "./order.ts";

export const featureSorts = ["feature", "share", "max", "nearest"] as const;
export type FeatureSort = (typeof featureSorts)[number];
export type FeatureSorting = Order<FeatureSort>;

/** The texts that are searched, one per feature, in lower case. */
export function featureHaystacks(features: readonly SaeFeature[]): string[] {
  return features.map(({ feature, contexts, logits }) =>
    [
      `#${feature}`,
      ...contexts.map(({ tokens }) => tokens.join("")),
      ...(logits === null ? [] : [...logits.raised, ...logits.lowered].map(({ token }) => token)),
    ]
      .join("\n")
      .toLowerCase(),
  );
}

/** @param hay `featureHaystacks(features)`. Every word must occur; `#12` matches feature 12 only. */
export function findFeatures(
  features: readonly SaeFeature[],
  hay: readonly string[],
  search: string,
): SaeFeature[] {
  const words = wordsOf(search);
  return features.filter(({ feature }, i) =>
    words.every((word) => (/^#\d+$/.test(word) ? word === `#${feature}` : hay[i]!.includes(word))),
  );
}

/** Sorts as `inOrder` does. */
export function sortFeatures(
  features: readonly SaeFeature[],
  { key, descending }: FeatureSorting,
): SaeFeature[] {
  return inOrder(
    features,
    (feature) => (key === "nearest" ? (feature.nearest?.cosine ?? null) : feature[key]),
    descending,
  );
}

export function featuresCsv(features: readonly SaeFeature[]): string {
  const head = ["feature", "tokens", "share", "max", "mean", "nearest", "cosine", "raised", "lowered"];
  return toCsv(
    head,
    features.map(({ feature, tokens, share, max, mean, nearest, logits }) => [
      ...[feature, tokens, share, max, mean, nearest?.feature ?? null, nearest?.cosine ?? null],
      ...[logits?.raised, logits?.lowered].map(
        (effects) => effects?.map(({ token }) => token).join(" ") ?? null,
      ),
    ]),
  );
}
