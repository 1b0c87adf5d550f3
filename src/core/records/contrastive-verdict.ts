/** The verdict on an SAE's contrastive term: whether it helped. Training writes it, the SAE report shows it. */
import { z } from "zod";
import { findingSchema } from "./finding.ts";

/** The figures of one SAE: how well it separates the held-out prompts of its seed, and how well it rebuilds held-out tokens. */
const armSchema = z.strictObject({
  /**
   * Mean over the held-out prompts of: cosine with the prompt's own tier minus the mean cosine with the other tiers. Tiers are
   * the true ones.
   */
  separation: z.number(),
  /** How many held-out prompts lie nearest to their own tier. */
  nearest_own: z.int().nonnegative(),
  /** Fraction of variance unexplained, over tokens that are not massive. */
  unexplained: z.number(),
});
export type ArmFigures = z.infer<typeof armSchema>;

const gainSchema = z.strictObject({
  estimate: z.number(),
  interval: z.tuple([z.number(), z.number()]).nullable(),
});
export type Gain = z.infer<typeof gainSchema>;

/** Older versions wrote no about. The finding of a training can be about one thing only. */
const withAbout = (finding: unknown): unknown =>
  typeof finding === "object" && finding !== null
    ? { about: { kind: "contrastive_term" }, ...finding }
    : finding;

export const contrastiveVerdictSchema = z.strictObject({
  /** The estimate is the gain over training without the term. */
  finding: z.preprocess(withAbout, findingSchema),
  /** The gain over training with the term and random tiers; null where no such training was done. */
  over_random: gainSchema.nullable(),
  seeds: z
    .array(
      z.strictObject({
        seed: z.string(),
        /** Held-out prompts. */
        prompts: z.int().positive(),
        /** Held-out tokens; `unexplained` is over these. */
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
