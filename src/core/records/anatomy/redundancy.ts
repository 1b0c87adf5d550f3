/** Rounds of redundancy, the score over them, and the features that wake. */
import { z } from "zod";
import { measured } from "../fields/measured.ts";
import { count, estimateSchema, featureSchema, interval, tallySchema } from "./parts.ts";

/** Would it help to hold the backups on? */
const hardeningSchema = z.strictObject({
  recruits: count.describe("Features of the next round, which are set to the values to which they woke."),
  returned: estimateSchema.describe(
    "Share of the lost refusal score that they alone bring back, on refused test prompts.",
  ),
  harmless: z
    .strictObject({ on: estimateSchema, clean: estimateSchema })
    .describe("Share of harmless test prompts that refuse with the recruits on, and on the clean run."),
});

export const roundSchema = z.strictObject({
  features: z.array(featureSchema).describe("The new features of this round. Rounds are cumulative."),
  width: count,
  alternatives: z
    .array(z.array(featureSchema).min(1))
    .describe("All minimal sets that were found in this round; the smallest is the one that is ablated."),
  answers: tallySchema.describe(
    "Judged answers of the free model to refused fit prompts, with this and all earlier rounds ablated.",
  ),
  test: tallySchema
    .nullable()
    .describe("The same for refused test prompts, which the search never saw; null where none refuses."),
  woken: z
    .strictObject({ mean: measured, random: z.strictObject({ mean: measured, interval }), p: measured })
    .nullable()
    .describe(
      "Features that the ablation wakes, mean over prompts, beside random changes of equal norm at its sites; null where not measured.",
    ),
  hardening: hardeningSchema.nullable().describe("null where nothing woke that the next round needs."),
});

export const cascadeSchema = z.strictObject({
  round: count.describe("Rounds that are ablated; 0 is the clean run."),
  ablated: count.describe("Features that are ablated."),
  free: estimateSchema.describe("m: mean refusal score of the free model, in log-odds."),
  held: estimateSchema.describe(
    "m0: the same while everything that was silent on the clean run is held silent.",
  ),
  repair: estimateSchema.describe("m - m0, paired over prompts."),
  p: measured.describe("One-sided sign-flip test over clusters that the repair is above 0."),
  repair_at_clean_norm: estimateSchema.describe(
    "The repair with the final norm's scale of the clean run, which excludes repair by rescaling.",
  ),
});

export const backupSchema = z.strictObject({
  ...featureSchema.shape,
  status: z.enum(["load-bearing", "idle", "undetermined"]),
  wakes_after: z.int().positive().describe("The round whose ablation woke it, from 1."),
  woke_on: count.describe("Tested prompts on which it woke."),
  active_unablated: count.describe("Harmful prompts on which it is active without any ablation."),
  effect: estimateSchema.describe(
    "How much the score falls without it, in log-odds, while everything still silent is held silent and the other features of its minimal set are ablated.",
  ),
  alone: measured.nullable().describe("The same effect with the other features of its set left on."),
  p: measured.describe("One-sided sign-flip test that the effect is above 0."),
  q: measured.describe("Its Benjamini–Hochberg value over all features that woke."),
  idle_p: measured.describe("Two one-sided tests that the effect is smaller than the margin."),
  margin: measured.describe("An effect below this is called idle, in log-odds."),
  woken_at_random: measured
    .nullable()
    .describe("Share of random changes of equal norm that wake it too; null where not measured."),
});
