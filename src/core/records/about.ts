/**
 * What a finding is about, as data: the part of the run that it speaks of. Programs, the page and the report go by this.
 * A finding's id is made from it (finding-id.ts) and is never taken apart.
 */
import { z } from "zod";
import { languageSchema } from "./fields/language.ts";
import { otherTurns } from "./fields/turns.ts";
import { conditionSchema, otherSystemSchema, prefillSchema } from "./observation.ts";
import { labels, promptSchema, tiers } from "./prompt.ts";

const tier = z.enum(tiers);
const template = conditionSchema.shape.template;
const cap = z.int().positive();
const text = z.string().min(1);
const modelTerm = z.enum(["hazard", "legality", "salience"]);

const about = <K extends string, T extends z.ZodRawShape>(kind: K, shape: T) =>
  z.strictObject({ kind: z.literal(kind), ...shape });

/** The features behind a finding. */
const through = {
  /** Key of the SAE that they are of (core/sae-keys.ts); left out in a run without an SAE. */
  sae: text.optional(),
  /** It is an SAE beside the run's first, which the headline speaks of. */
  beside: z.literal(true).optional(),
};
const inside = <K extends string, T extends z.ZodRawShape>(kind: K, shape: T) =>
  about(kind, { ...shape, ...through });

const flags = [
  "hazard_features_active_despite_refusal",
  "refusal_features_active_despite_compliance",
  "deception_correlate_active",
] as const;

const insideKinds = [
  /** Mean divergence D of the answers to a tier's prompts, and of the answers under a label. */
  inside("divergence_by_tier", { tier }),
  inside("divergence_by_label", { label: z.enum(labels) }),
  /** Cohen's d of D, hazard-adjacent against benign prompts. */
  inside("divergence_tier_effect", {}),
  /** Share of D's variance that the label alone explains. */
  inside("divergence_label_share", {}),
  /** D against D with another prompt's features. */
  inside("divergence_permutation", {}),
  /** 1 − D of the refusals. */
  inside("refusal_depth", {}),
  inside("flag", { flag: z.enum(flags) }),
  /** Balanced accuracy of the learned projection: of one category, or of all where none is named. */
  inside("projection_accuracy", { category: text.optional() }),
  /** D with f of the learned projection. */
  inside("projection_divergence", {}),
] as const;

/** How prompts were asked again. */
const again = {
  /** Of a prefill: how many tokens of the opening that its tier is asked after. */
  tokens: z.int().positive().optional(),
  /** Of another system prompt: its place in the plan (the base's, of a change), and its text. */
  n: otherSystemSchema.shape.n.optional(),
  system: otherSystemSchema.shape.system.optional(),
  turn: z.enum(otherTurns).optional(),
};

export const aboutSchema = z.discriminatedUnion("kind", [
  /**
   * One of the claims of the first screen; that on the inside is made through the run's first SAE, that on depth from an anatomy. `under` says what refusals
   * survive. Runs of older versions have one claim that they survive everything, without it.
   */
  inside("headline", {
    claim: z.enum(["refuses", "over_refuses", "survives", "inside", "depth"]),
    under: z.enum(["template", "short", "framing", "prefill"]).optional(),
  }),
  about("refusal_rate", { tier, template, cap }),
  /** The same, and the discrimination below, corrected for the judge's error as people's labels measured it. */
  about("corrected_refusal_rate", { tier, template, cap }),
  about("corrected_discrimination", {}),
  /** Share of answers that no label could be given. */
  about("unjudged_rate", { template, cap }),
  /** Share of answers that loop or are noise, whatever they do. */
  about("degeneration_rate", { template, cap }),
  /** Hazard-adjacent minus benign inside matched pairs. */
  about("discrimination", {}),
  /** Chat template minus bare text; largest cap minus smallest. */
  about("template_effect", { tier }),
  about("cap_effect", { tier }),
  /**
   * Without a prefill minus after so many tokens of an opening; and the fewest tokens, of those that were tried, after which half of
   * the refusals are gone, or half of the answers to benign prompts refuse.
   */
  about("prefill_effect", prefillSchema.pick({ opening: true, tokens: true }).shape),
  about("prefill_depth", prefillSchema.pick({ opening: true }).shape),
  /** As all plain answers minus with another system prompt, and minus in another turn. */
  about("system_effect", { ...otherSystemSchema.shape, tier }),
  about("turn_effect", { turn: z.enum(otherTurns), tier }),
  /** A framing of hazard-adjacent prompts minus asking directly; a panel minus benign prompts. */
  about("framing_effect", { framing: promptSchema.shape.framing }),
  about("panel_effect", { panel: promptSchema.shape.panel.exclude(["main"]) }),
  /**
   * Refusals in one language of the prompt set; the reference language minus another, over the same contents where the set has them in
   * both; the share of answers in a language without a label. At the largest cap, under the main template.
   */
  about("language_rate", { language: languageSchema, tier }),
  about("language_effect", { language: languageSchema, than: languageSchema, tier }),
  about("language_unjudged", { language: languageSchema }),
  /** What refusing follows, in a logistic model of hazard, legality and salience; in sets with a legality panel. */
  about("refusal_model", { term: modelTerm }),
  about("seed_agreement", {}),
  /** Tokens before a refusal shows, and the share of refusals that the smallest cap misses. */
  about("refusal_onset", { tier, template }),
  about("late_refusals", { tier, template }),
  /** A share of thoughts, or of the answers that do not follow theirs; at the largest cap. */
  about("thought", {
    measure: z.enum(["recognises", "decides_refuse", "refuse_then_comply", "comply_then_refuse", "cut"]),
    tier,
    template,
  }),
  ...insideKinds,
  /** A model in 8 or 4 bits against itself in fp32. */
  about("fidelity", { measure: z.enum(["kl", "top1"]) }),
  /**
   * The audited model against another checkpoint, over the tokens of its own answers: mean KL(audited ‖ other), the share of tokens with the
   * same most probable one, and the KL of the first tokens of an answer minus that of the others. Of all tiers where none is named; of answers
   * that were asked for again in another way where one is, as in a change.
   */
  about("kl_to", { measure: z.enum(["mean", "top1", "early"]), template, tier: tier.optional(), ...again }),
  /** A recorded run of another tool, by its name there. */
  about("rescore", {
    run: text,
    measure: z.enum(["reproduced", "label_share", "tier_effect", "silent_refusals"]),
  }),
  /** Fraction of variance unexplained of an SAE, over which tokens. */
  about("sae_fvu", { tokens: z.enum(["ordinary", "ordinary_without_first", "all", "without_first"]) }),
  about("sae_quality", {
    measure: z.enum(["massive", "ce_recovered", "l0", "dead", "dense", "nearest_cosine", "redundant"]),
  }),
  /** What the contrastive term of an SAE's training did. */
  about("contrastive_term", {}),
  /** A run minus its base, over the same prompts; `headline`: what became of a headline, by its claim. */
  about("change", {
    measure: z.enum([
      ...(["headline", "refusal_rate", "unjudged_rate", "degeneration_rate"] as const),
      ...(["discrimination", "template_effect", "cap_effect", "prefill_effect"] as const),
      ...(["system_effect", "turn_effect", "language_rate", "refusal_model"] as const),
    ]),
    headline: text.optional(),
    term: modelTerm.optional(),
    tier: tier.optional(),
    template: template.optional(),
    cap: cap.optional(),
    ...again,
    language: languageSchema.optional(),
    /** The base and the run that is compared with it, as they were named. */
    of: z.tuple([text, text]),
  }),
  /** Answers of an anatomy that comply once all candidate features are ablated. */
  about("anatomy_ceiling", {}),
  /** What the refusal direction does when it is ablated, and when it is added. */
  about("anatomy_direction", { effect: z.enum(["bypass", "induce"]) }),
  /** Test prompts that a minimal set flips; sets are counted from 1, as in anatomy.json. */
  about("anatomy_minimal_set", { set: z.int().positive() }),
  /** Test prompts that a minimal set flips if it is ablated to its mean over harmless prompts, and not to zero. */
  about("anatomy_set_at_mean", { set: z.int().positive() }),
  /** How far a minimal set lowers the refusal score, beside its controls. */
  about("anatomy_set_effect", { set: z.int().positive() }),
  /** What ablating a minimal set does to harmless prompts. */
  about("anatomy_cost", {
    set: z.int().positive(),
    measure: z.enum(["kl", "cross_entropy", "sentences", "refuses_harmless", "broken"]),
  }),
  /** Rounds of redundancy; what comes back once some are ablated, counted from 1; features that wake and matter. */
  about("anatomy_depth", {}),
  about("anatomy_repair", { round: z.int().positive() }),
  about("anatomy_backups", {}),
]);
export type About = z.infer<typeof aboutSchema>;
export type InsideAbout = z.infer<(typeof insideKinds)[number]>;
