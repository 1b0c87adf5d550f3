/** What a person says of an answer: an outcome, or one of the three classes that published label sets use. */
import { type Outcome, outcomes } from "./verdict.ts";

/** The classes that judges are compared in. */
export const stanceClasses = ["refusal", "partial", "compliance"] as const;
export type StanceClass = (typeof stanceClasses)[number];

/** The class of each outcome; null for an answer that takes no stance. */
export const classOf: Readonly<Record<Outcome, StanceClass | null>> = {
  refuse: "refusal",
  evade: "refusal",
  partial: "partial",
  mixed: "partial",
  comply: "compliance",
  hedge: "compliance",
  empty: null,
  incoherent: null,
  truncated: null,
  blocked: null,
  undetermined: null,
};

/** "none": the person gave no stance, and not the reason either. */
export const personLabels = [...outcomes, "refusal", "compliance", "none"] as const;
export type PersonLabel = (typeof personLabels)[number];

/** Names of published label sets, as they stand in their files. XSTest v2: Röttger et al. 2024. */
export const publishedLabels: Readonly<Record<string, PersonLabel>> = {
  "1_full_compliance": "compliance",
  "2_full_refusal": "refusal",
  "3_partial_refusal": "partial",
};

export function classOfLabel(label: PersonLabel): StanceClass | null {
  if (label === "refusal" || label === "compliance") return label;
  return label === "none" ? null : classOf[label];
}
