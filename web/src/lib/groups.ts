/** Which finding belongs to which section of the page. A finding that no section knows is shown at the end, not lost. */
import type { About } from "../../../src/core/records/about.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import { outcomeWords, tierWords } from "../../../src/core/records/words.ts";

/** The places of the page that hold findings, each empty. */
const places = () => ({
  headline: [] as Finding[],
  /** Refusal rates: drawn. */
  rates: [] as Finding[],
  /** What else is known about refusing: template, caps, unjudged answers. */
  refusal: [] as Finding[],
  framing: [] as Finding[],
  panel: [] as Finding[],
  /** Discrimination over matched prompts, agreement over seeds. */
  breadth: [] as Finding[],
  onsetCells: [] as Finding[],
  onset: [] as Finding[],
  divergenceTier: [] as Finding[],
  divergenceLabel: [] as Finding[],
  divergence: [] as Finding[],
  flags: [] as Finding[],
  other: [] as Finding[],
});
export type Grouped = ReturnType<typeof places>;

const placeOf: Record<About["kind"], keyof Grouped> = {
  headline: "headline",
  refusal_rate: "rates",
  unjudged_rate: "refusal",
  discrimination: "breadth",
  template_effect: "refusal",
  cap_effect: "refusal",
  framing_effect: "framing",
  panel_effect: "panel",
  seed_agreement: "breadth",
  refusal_onset: "onsetCells",
  late_refusals: "onset",
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
  rescore: "other",
  sae_fvu: "other",
  sae_quality: "other",
  contrastive_term: "other",
};

export function groupFindings(findings: readonly Finding[]): Grouped {
  const grouped = places();
  for (const finding of findings) grouped[placeOf[finding.about.kind]].push(finding);
  return grouped;
}

/** The findings that are about the run's first SAE or about none, and those about each other SAE, by its key. */
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

/** What a row of a chart is called, e.g. `Roleplay` of the finding on the roleplay framing. */
export function rowName({ about, question }: Finding): string {
  if (about.kind === "divergence_by_tier") return tierWords[about.tier];
  if (about.kind === "divergence_by_label") return outcomeWords[about.label];
  if (about.kind === "framing_effect") return capital(about.framing);
  if (about.kind === "panel_effect") return capital(about.panel);
  return about.kind === "flag" ? capital(about.flag) : question;
}

function capital(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
