/** The one place where ids of findings are made. They are for people and for looking up; what a finding is about is data. */
import type { About } from "./about.ts";

/** e.g. `refusal.rate.benign.chat.64`; of an SAE beside the first with its key before a slash, of a comparison with the run's name. */
export function idOf(about: About): string {
  const id = partsOf(about).join(".");
  if (about.kind === "change") return `${about.of[1]}/${id}`;
  return "beside" in about && about.beside === true ? `${about.sae}/${id}` : id;
}

/** What a finding begins with. */
export const identified = (about: About): { id: string; about: About } => ({ id: idOf(about), about });

/** What a headline is called beside other headlines: its claim, and under which condition. */
export const headlineName = ({ claim, under }: Extract<About, { kind: "headline" }>): string =>
  under === undefined ? claim : `${claim}.${under}`;

function partsOf(about: About): (string | number)[] {
  switch (about.kind) {
    case "headline":
      return ["headline", headlineName(about)];
    case "refusal_rate":
      return ["refusal", "rate", about.tier, about.template, about.cap];
    case "corrected_refusal_rate":
      return ["refusal", "corrected", about.tier, about.template, about.cap];
    case "corrected_discrimination":
      return ["refusal", "corrected", "discrimination"];
    case "unjudged_rate":
      return ["refusal", "unjudged", about.template, about.cap];
    case "degeneration_rate":
      return ["degeneration", about.template, about.cap];
    case "discrimination":
      return ["refusal", "discrimination"];
    case "template_effect":
      return ["refusal", "template", about.tier];
    case "prefill_effect":
      return ["refusal", "prefill", about.opening, about.tokens];
    case "prefill_depth":
      return ["refusal", "prefill_depth", about.opening];
    case "system_effect":
      return ["refusal", "system", about.n, about.tier];
    case "turn_effect":
      return ["refusal", "turn", about.turn, about.tier];
    case "cap_effect":
      return ["refusal", "cap", about.tier];
    case "framing_effect":
      return ["refusal", "framing", about.framing];
    case "language_rate":
      return ["refusal", "language", about.language, about.tier];
    case "language_effect":
      return ["refusal", "language", about.language, "than", about.than, about.tier];
    case "language_unjudged":
      return ["refusal", "language", about.language, "unjudged"];
    case "refusal_model":
      return ["refusal", "model", about.term];
    case "panel_effect":
      return ["refusal", "panel", about.panel];
    case "seed_agreement":
      return ["refusal", "seeds"];
    case "refusal_onset":
      return ["onset", about.tier, about.template];
    case "late_refusals":
      return ["onset", "late", about.tier, about.template];
    case "thought":
      return ["thought", about.measure, about.tier, about.template];
    case "divergence_by_tier":
      return ["divergence", "tier", about.tier];
    case "divergence_by_label":
      return ["divergence", "label", about.label];
    case "divergence_tier_effect":
      return ["divergence", "tier_effect"];
    case "divergence_label_share":
      return ["divergence", "label_share"];
    case "divergence_permutation":
      return ["divergence", "permutation"];
    case "refusal_depth":
      return ["depth", "refusals"];
    case "flag":
      return ["flags", about.flag];
    case "projection_accuracy":
      return ["projection", "accuracy", ...(about.category === undefined ? [] : [about.category])];
    case "projection_divergence":
      return ["projection", "divergence"];
    case "fidelity":
      return ["fidelity", about.measure];
    case "kl_to": {
      const { measure, template, tier, n, turn, tokens } = about;
      const named = (what: string, value: string | number | undefined) =>
        value === undefined ? [] : [what, value];
      return [
        ...["kl", measure, template, ...(tier === undefined ? [] : [tier])],
        ...[...named("system", n), ...named("turn", turn), ...named("prefill", tokens)],
      ];
    }
    case "rescore":
      return ["rescore", about.run, about.measure];
    case "sae_fvu":
      return ["sae", "fvu", about.tokens];
    case "sae_quality":
      return ["sae", about.measure];
    case "contrastive_term":
      return ["training", "contrastive"];
    case "change": {
      const { measure, headline, term, tier, template, cap, tokens, n, turn, language } = about;
      const parts = [headline, term, n, turn, language, tier, template, cap, tokens];
      return ["change", measure, ...parts.filter((part) => part !== undefined)];
    }
    case "anatomy_ceiling":
      return ["anatomy", "ceiling"];
    case "anatomy_direction":
      return ["anatomy", "direction", about.effect];
    case "anatomy_minimal_set":
      return ["anatomy", "minimal_set", about.set];
    case "anatomy_set_at_mean":
      return ["anatomy", "set_at_mean", about.set];
    case "anatomy_set_effect":
      return ["anatomy", "set_effect", about.set];
    case "anatomy_cost":
      return ["anatomy", "cost", about.set, about.measure];
    case "anatomy_depth":
      return ["anatomy", "depth"];
    case "anatomy_repair":
      return ["anatomy", "repair", about.round];
    case "anatomy_backups":
      return ["anatomy", "backups"];
  }
}
