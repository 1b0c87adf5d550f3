/** Searching and sorting of an SAE's features; pure, so that it can be tested without a browser. */
import type { SaeFeature } from "../../../src/core/sae-report.ts";
import { toCsv } from "./csv.ts";

export const featureSorts = ["feature", "share", "max", "nearest"] as const;
export type FeatureSort = (typeof featureSorts)[number];

export interface FeatureSorting {
  key: FeatureSort;
  descending: boolean;
}

/** What free text is looked for in, once a feature, lower case. */
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

/** @param hay `featureHaystacks(features)`; every word has to occur, and `#12` is feature 12 and no other */
export function findFeatures(
  features: readonly SaeFeature[],
  hay: readonly string[],
  search: string,
): SaeFeature[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return features.filter(({ feature }, i) =>
    words.every((word) => (/^#\d+$/.test(word) ? word === `#${feature}` : hay[i]!.includes(word))),
  );
}

/** Stable; features without a value come last whichever way the order runs. */
export function sortFeatures(
  features: readonly SaeFeature[],
  { key, descending }: FeatureSorting,
): SaeFeature[] {
  const value = (feature: SaeFeature): number | null =>
    key === "nearest" ? (feature.nearest?.cosine ?? null) : feature[key];
  const sign = descending ? -1 : 1;
  return features.toSorted((a, b) => {
    const [one, other] = [value(a), value(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null);
    return sign * (one - other);
  });
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
