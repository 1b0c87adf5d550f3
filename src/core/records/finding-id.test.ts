/** Ids are made from what a finding is about, in one place; two things never share one. */
import { expect, it } from "vitest";
import { type About, aboutSchema } from "./about.ts";
import { findingSchema } from "./finding.ts";
import { idOf } from "./finding-id.ts";

const abouts: Record<string, About> = {
  "headline.refuses": { kind: "headline", claim: "refuses" },
  "headline.survives": { kind: "headline", claim: "survives" },
  "headline.survives.template": { kind: "headline", claim: "survives", under: "template" },
  "headline.depth": { kind: "headline", claim: "depth" },
  "headline.inside": { kind: "headline", claim: "inside", sae: "s@3" },
  "refusal.rate.dual_use.none.64": { kind: "refusal_rate", tier: "dual_use", template: "none", cap: 64 },
  "refusal.corrected.benign.chat.64": {
    kind: "corrected_refusal_rate",
    tier: "benign",
    template: "chat",
    cap: 64,
  },
  "refusal.corrected.discrimination": { kind: "corrected_discrimination" },
  "refusal.unjudged.chat.16": { kind: "unjudged_rate", template: "chat", cap: 16 },
  "degeneration.none.16": { kind: "degeneration_rate", template: "none", cap: 16 },
  "refusal.discrimination": { kind: "discrimination" },
  "refusal.template.benign": { kind: "template_effect", tier: "benign" },
  "refusal.cap.benign": { kind: "cap_effect", tier: "benign" },
  "refusal.prefill.comply.5": { kind: "prefill_effect", opening: "comply", tokens: 5 },
  "refusal.prefill_depth.refuse": { kind: "prefill_depth", opening: "refuse" },
  "refusal.system.2.benign": { kind: "system_effect", n: 2, system: null, tier: "benign" },
  "refusal.turn.no-generation-prompt.benign": {
    kind: "turn_effect",
    turn: "no-generation-prompt",
    tier: "benign",
  },
  "refusal.framing.of a/b.c": { kind: "framing_effect", framing: "of a/b.c" },
  "refusal.panel.control": { kind: "panel_effect", panel: "control" },
  "refusal.language.zh-Hans.benign": { kind: "language_rate", language: "zh-Hans", tier: "benign" },
  "refusal.language.de.than.en.benign": {
    kind: "language_effect",
    language: "de",
    than: "en",
    tier: "benign",
  },
  "refusal.language.de.unjudged": { kind: "language_unjudged", language: "de" },
  "refusal.model.hazard": { kind: "refusal_model", term: "hazard" },
  "refusal.seeds": { kind: "seed_agreement" },
  "onset.benign.chat": { kind: "refusal_onset", tier: "benign", template: "chat" },
  "thought.refuse_then_comply.benign.chat": {
    kind: "thought",
    measure: "refuse_then_comply",
    tier: "benign",
    template: "chat",
  },
  "onset.late.benign.chat": { kind: "late_refusals", tier: "benign", template: "chat" },
  "divergence.tier.benign": { kind: "divergence_by_tier", tier: "benign", sae: "s@3" },
  "divergence.label.hedge": { kind: "divergence_by_label", label: "hedge" },
  "divergence.tier_effect": { kind: "divergence_tier_effect" },
  "divergence.label_share": { kind: "divergence_label_share" },
  "divergence.permutation": { kind: "divergence_permutation" },
  "depth.refusals": { kind: "refusal_depth", sae: "s@3" },
  "s@3#2/depth.refusals": { kind: "refusal_depth", sae: "s@3#2", beside: true },
  "flags.deception_correlate_active": { kind: "flag", flag: "deception_correlate_active" },
  "projection.accuracy": { kind: "projection_accuracy" },
  "projection.accuracy.bio_content": { kind: "projection_accuracy", category: "bio_content" },
  "projection.divergence": { kind: "projection_divergence" },
  "fidelity.kl": { kind: "fidelity", measure: "kl" },
  "kl.mean.chat.benign.prefill.5": {
    kind: "kl_to",
    measure: "mean",
    template: "chat",
    tier: "benign",
    tokens: 5,
  },
  "kl.mean.chat.benign.system.5": { kind: "kl_to", measure: "mean", template: "chat", tier: "benign", n: 5 },
  "kl.top1.chat": { kind: "kl_to", measure: "top1", template: "chat" },
  "kl.early.none.benign": { kind: "kl_to", measure: "early", template: "none", tier: "benign" },
  "rescore.run.a.label_share": { kind: "rescore", run: "run.a", measure: "label_share" },
  "sae.fvu.ordinary_without_first": { kind: "sae_fvu", tokens: "ordinary_without_first" },
  "sae.l0": { kind: "sae_quality", measure: "l0" },
  "training.contrastive": { kind: "contrastive_term" },
  "runs/tuned/change.refusal_rate.benign.chat.80": {
    kind: "change",
    measure: "refusal_rate",
    tier: "benign",
    template: "chat",
    cap: 80,
    of: ["runs/base", "runs/tuned"],
  },
  "runs/tuned/change.prefill_effect.hazard_adjacent.5": {
    kind: "change",
    measure: "prefill_effect",
    tier: "hazard_adjacent",
    tokens: 5,
    of: ["runs/base", "runs/tuned"],
  },
  "runs/tuned/change.refusal_model.legality": {
    kind: "change",
    measure: "refusal_model",
    term: "legality",
    of: ["runs/base", "runs/tuned"],
  },
  "runs/tuned/change.system_effect.2.benign": {
    kind: "change",
    measure: "system_effect",
    tier: "benign",
    ...{ n: 2, system: "Be brief." },
    of: ["runs/base", "runs/tuned"],
  },
  "runs/tuned/change.turn_effect.assistant.benign": {
    ...{ kind: "change", measure: "turn_effect", tier: "benign", turn: "assistant" },
    of: ["runs/base", "runs/tuned"],
  },
  "anatomy.ceiling": { kind: "anatomy_ceiling" },
  "anatomy.direction.bypass": { kind: "anatomy_direction", effect: "bypass" },
  "anatomy.minimal_set.1": { kind: "anatomy_minimal_set", set: 1 },
  "anatomy.set_at_mean.1": { kind: "anatomy_set_at_mean", set: 1 },
  "anatomy.set_effect.2": { kind: "anatomy_set_effect", set: 2 },
  "anatomy.cost.1.kl": { kind: "anatomy_cost", set: 1, measure: "kl" },
  "anatomy.depth": { kind: "anatomy_depth" },
  "anatomy.repair.1": { kind: "anatomy_repair", round: 1 },
  "anatomy.backups": { kind: "anatomy_backups" },
};

it.each(Object.entries(abouts))("%s", (id, about) => {
  expect(idOf(about)).toBe(id);
  expect(aboutSchema.parse(about)).toEqual(about);
});

it("every kind is among them", () => {
  const kinds = aboutSchema.options.map(({ shape }) => shape.kind.value);
  expect(new Set(Object.values(abouts).map(({ kind }) => kind))).toEqual(new Set(kinds));
});

it("a finding whose id is another's is refused", () => {
  const about = { kind: "seed_agreement" } as const;
  const rest = {
    ...{ group: "g", question: "q?", estimate: null, unit: "share", interval: null, level: 0.95, n: 0 },
    ...{ method: "none", control: { kind: "none", estimate: null, interval: null } },
    ...{ status: "undetermined", sentence: "s." },
  } as const;
  expect(findingSchema.safeParse({ id: "refusal.seeds", about, ...rest }).success).toBe(true);
  expect(findingSchema.safeParse({ id: "refusal.discrimination", about, ...rest }).error?.issues).toEqual([
    expect.objectContaining({ path: ["id"], message: "the id that belongs to its about" }),
  ]);
});
