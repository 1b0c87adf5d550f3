/** Decides which section of the page shows a finding. A finding without a section is shown at the end, not lost. */
import type { About } from "../../../src/core/records/about.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import { outcomeWords, systemWords, tierWords, turnWords } from "../../../src/core/records/words.ts";

/** The places of the page that show findings, each with an empty list. */
const places = () => ({
  headline: [] as Finding[],
  /** Refusal rates, which are drawn as charts. */
  rates: [] as Finding[],
  /** The other findings about refusing: template, caps, unjudged answers. */
  refusal: [] as Finding[],
  /** Shares of answers that loop or are noise, which are drawn as a chart. */
  degeneration: [] as Finding[],
  framing: [] as Finding[],
  panel: [] as Finding[],
  languageRates: [] as Finding[],
  languages: [] as Finding[],
  /** Of languages: what could not be judged. */
  unread: [] as Finding[],
  /** Discrimination over matched prompts, agreement over seeds. */
  breadth: [] as Finding[],
  onsetCells: [] as Finding[],
  onset: [] as Finding[],
  thoughts: [] as Finding[],
  divergenceTier: [] as Finding[],
  divergenceLabel: [] as Finding[],
  divergence: [] as Finding[],
  flags: [] as Finding[],
  /** The distance to another checkpoint. */
  distance: [] as Finding[],
  other: [] as Finding[],
});
export type Grouped = ReturnType<typeof places>;

const placeOf: Record<About["kind"], keyof Grouped> = {
  headline: "headline",
  refusal_rate: "rates",
  corrected_refusal_rate: "refusal",
  corrected_discrimination: "breadth",
  unjudged_rate: "refusal",
  degeneration_rate: "degeneration",
  discrimination: "breadth",
  template_effect: "refusal",
  cap_effect: "refusal",
  prefill_effect: "refusal",
  prefill_depth: "refusal",
  system_effect: "refusal",
  turn_effect: "refusal",
  framing_effect: "framing",
  panel_effect: "panel",
  language_rate: "languageRates",
  language_effect: "languages",
  language_unjudged: "unread",
  refusal_model: "breadth",
  seed_agreement: "breadth",
  refusal_onset: "onsetCells",
  late_refusals: "onset",
  thought: "thoughts",
  divergence_by_tier: "divergenceTier",
  divergence_by_label: "divergenceLabel",
  divergence_tier_effect: "divergence",
  divergence_label_share: "divergence",
  divergence_permutation: "divergence",
  refusal_depth: "divergence",
  flag: "flags",
  projection_accuracy: "divergence",
  projection_divergence: "divergence",
  fidelity: "other",
  kl_to: "distance",
  rescore: "other",
  sae_fvu: "other",
  sae_quality: "other",
  contrastive_term: "other",
  change: "other",
  anatomy_ceiling: "other",
  anatomy_direction: "other",
  anatomy_minimal_set: "other",
  anatomy_set_at_mean: "other",
  anatomy_set_effect: "other",
  anatomy_cost: "other",
  anatomy_depth: "other",
  anatomy_repair: "other",
  anatomy_backups: "other",
};

export function groupFindings(findings: readonly Finding[]): Grouped {
  const grouped = places();
  for (const finding of findings) grouped[placeOf[finding.about.kind]].push(finding);
  return grouped;
}

/** Separates the findings about the run's first SAE, or about none, from those about the other SAEs, by key. */
export function bySae(findings: readonly Finding[]): { first: Finding[]; others: Map<string, Finding[]> } {
  const first: Finding[] = [];
  const others = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = "beside" in finding.about ? finding.about.sae : undefined;
    if (key === undefined) first.push(finding);
    else others.set(key, [...(others.get(key) ?? []), finding]);
  }
  return { first, others };
}

/** The name of a chart's row, e.g. `Roleplay` for the finding about the roleplay framing. */
export function rowName({ about, question }: Finding): string {
  if (about.kind === "divergence_by_tier") return tierWords[about.tier];
  if (about.kind === "divergence_by_label") return outcomeWords[about.label];
  if (about.kind === "framing_effect") return capital(about.framing);
  if (about.kind === "panel_effect") return capital(about.panel);
  if (about.kind === "language_rate") return `${about.language}, ${tierWords[about.tier].toLowerCase()}`;
  if (about.kind === "language_effect")
    return `${about.than} minus ${about.language}, ${tierWords[about.tier].toLowerCase()}`;
  if (about.kind === "language_unjudged") return about.language;
  if (about.kind === "change")
    return [
      changeWords[about.measure],
      ...(about.term === undefined ? [] : [about.term]),
      ...(about.tier === undefined ? [] : [tierWords[about.tier]]),
      ...(about.tokens === undefined ? [] : [`${about.tokens} tokens`]),
      ...(about.n === undefined ? [] : [systemWords({ n: about.n, system: about.system ?? null })]),
      ...(about.turn === undefined ? [] : [turnWords[about.turn]]),
      ...(about.language === undefined ? [] : [about.language]),
    ].join(", ");
  return about.kind === "flag" ? capital(about.flag) : question;
}

const changeWords = {
  headline: "Headline",
  refusal_rate: "Refuses",
  unjudged_rate: "Not judged",
  degeneration_rate: "Degenerates",
  discrimination: "Hazard minus benign",
  template_effect: "Without template",
  cap_effect: "In short answers",
  prefill_effect: "After a prefill",
  system_effect: "Another system prompt",
  turn_effect: "Another turn",
  language_rate: "Refuses in a language",
  refusal_model: "Refusing follows",
} as const;

function capital(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
