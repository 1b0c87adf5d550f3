/** What is said of an SAE's contrastive term: written by its training, shown in the SAE's report. */
import { z } from "zod";
import { findingSchema } from "./finding.ts";

/** One SAE, as it holds the held-out prompts of its seed apart, and as it rebuilds tokens kept aside. */
const armSchema = z.strictObject({
  /** Mean over the held-out prompts: cosine with the own tier less the mean of the others', by their true tiers. */
  separation: z.number(),
  /** Held-out prompts that lie nearest to their own tier. */
  nearest_own: z.int().nonnegative(),
  /** Fraction of variance unexplained, of ordinary tokens. */
  unexplained: z.number(),
});
export type ArmFigures = z.infer<typeof armSchema>;

const gainSchema = z.strictObject({
  estimate: z.number(),
  interval: z.tuple([z.number(), z.number()]).nullable(),
});
export type Gain = z.infer<typeof gainSchema>;

export const contrastiveVerdictSchema = z.strictObject({
  /** Its estimate is the gain over the training without the term. */
  finding: findingSchema,
  /** The gain over the training with the term and tiers dealt at random; null where there was none. */
  over_random: gainSchema.nullable(),
  seeds: z
    .array(
      z.strictObject({
        seed: z.string(),
        /** Held out. */
        prompts: z.int().positive(),
        /** Kept aside, that `unexplained` is of. */
        tokens: z.int().nonnegative(),
        with: armSchema,
        without: armSchema,
        random: armSchema.nullable(),
      }),
    )
    .min(1),
});
export type ContrastiveVerdict = z.infer<typeof contrastiveVerdictSchema>;
export type SeedFigures = ContrastiveVerdict["seeds"][number];
