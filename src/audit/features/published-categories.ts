/**
 * The five categories of BioRefusalAudit, in the order of its f. Its catalog does not say which answers they were contrasted
 * with, so the sides are our choice.
 */
import type { CategoryDefinition } from "../../core/records/category.ts";
import { featuresPerCategory, smallestEffect } from "../common/choices.ts";

/** Their name in a plan. */
export const published = "published";

const size = { features: featuresPerCategory, least_effect: smallestEffect };

export const publishedCategories: readonly CategoryDefinition[] = [
  { name: "bio_content", has: { panel: ["main"] }, lacks: { panel: ["control"] }, ...size },
  {
    name: "hazard_adjacent",
    has: { panel: ["main"], tier: ["hazard_adjacent"] },
    lacks: { panel: ["main"], tier: ["benign"] },
    ...size,
  },
  { name: "refusal_circuitry", has: { outcome: ["refuse"] }, lacks: { outcome: ["comply"] }, ...size },
  { name: "hedging", has: { outcome: ["hedge", "partial"] }, lacks: { outcome: ["comply"] }, ...size },
  {
    name: "deception_correlate",
    has: { outcome: ["mixed", "evade"] },
    lacks: { outcome: ["refuse"] },
    ...size,
  },
];
