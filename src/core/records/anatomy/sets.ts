/** Minimal sets: what they flip, beside what, and at which cost. */
import { z } from "zod";
import { measured } from "../fields/measured.ts";
import { count, estimateSchema, featureSchema, tallySchema } from "./parts.ts";

/** Sets that are like the one in question, or stand in for such. */
const controlSchema = z.strictObject({
  kind: z.enum(["matched sets", "all matched sets", "random directions"]),
  proxy: z
    .strictObject({
      sets: count,
      set: estimateSchema.describe(
        "Mean fall of the score of refused test prompts without the set, in log-odds.",
      ),
      effect: estimateSchema.describe("The same without a control: mean and central range over controls."),
      p: measured.nullable().describe("(1 + b) / (1 + B): b of B controls lower the score as much."),
    })
    .describe("By score."),
  judged: z
    .strictObject({
      sets: count,
      prompts: count,
      set: estimateSchema.describe("Share of these prompts that comply without the set."),
      flips: estimateSchema.describe("The same without a control: mean and central range over controls."),
      p: measured.nullable(),
      paired: z
        .strictObject({ difference: estimateSchema, p: measured })
        .describe(
          "Each prompt beside one control, in turn: difference of the shares, and McNemar's exact test.",
        ),
    })
    .nullable()
    .describe("By judged answers."),
});

/** What ablating a set does to harmless test prompts. */
const harmlessSchema = z.strictObject({
  clean: tallySchema,
  ablated: tallySchema,
  refusing: estimateSchema.describe(
    "Share that refuses with the set ablated, less the share without: an ablation can cause refusals.",
  ),
  newly_refuse: count,
  no_longer_refuse: count,
  p: measured.describe("McNemar's exact test."),
});

const distanceSchema = z.strictObject({
  kl: estimateSchema.describe("Mean KL(clean ‖ ablated) per token, in nats."),
  cross_entropy: estimateSchema.describe(
    "By how much the cross-entropy of these texts rises, in nats per token.",
  ),
  agreement: estimateSchema.describe("Share of tokens at which the most probable token stays the same."),
});

/** How far a set changes what the model says of texts that it is given. */
const costSchema = z.strictObject({
  ...distanceSchema.shape,
  controls: z
    .strictObject({ sets: count, ...distanceSchema.shape })
    .nullable()
    .describe("The same over control sets: mean and central range; null without controls."),
});

/** A set of features, and what it does on prompts that the search never saw. */
const testedSetSchema = z.strictObject({
  features: z.array(featureSchema).min(1),
  fit: tallySchema.describe("Judged answers of the prompts that the set was found on."),
  test: tallySchema.nullable().describe("Judged answers of test prompts, which the search never saw."),
  flips: estimateSchema.describe("Share of refused test prompts whose answers then comply."),
  at_mean: z
    .strictObject({
      means: z
        .array(measured)
        .describe("Per feature: its mean activation over harmless fit prompts, at which it is held."),
      test: tallySchema,
      flips: estimateSchema,
      fall: estimateSchema.describe("Mean fall of the refusal score, in log-odds."),
    })
    .nullable()
    .describe(
      "The same test prompts with the set ablated to its mean over harmless prompts, and not to zero; null where none refuses.",
    ),
  control: controlSchema.nullable(),
  harmless: harmlessSchema,
  cost: costSchema
    .nullable()
    .describe("On the first 16 tokens of clean answers to harmless test prompts; null if none has a token."),
  sentences: costSchema
    .nullable()
    .describe(
      "A task that has nothing to do with refusing: neutral sentences as bare text. null if the tokenizer cannot write them.",
    ),
});

export const minimalSetSchema = testedSetSchema.extend({
  certified: z.boolean().describe("1-minimal: without any one member the set no longer flips."),
  certified_by: z.enum(["score", "judge"]),
  chosen_again: z.array(measured).nullable().describe("Per feature: share of resamples whose set holds it."),
  stability: z
    .strictObject({
      resamples: count.describe("Resamples of the prompts on which the search found a set."),
      overlap: measured.nullable().describe("Mean Jaccard overlap of their sets with this one."),
    })
    .nullable()
    .describe("Only the first set is searched for again."),
});

export const publishedFilterSchema = z.strictObject({
  share: measured.describe("A block of five features is kept if it lowers P(refusal) by this share of it."),
  prompts: count.describe("Refused fit prompts over which P is averaged."),
  kept: testedSetSchema
    .nullable()
    .describe("What all three orders keep: neither certified nor minimal; null if that is nothing."),
});

export const paretoSchema = z.strictObject({
  size: z.int().positive(),
  kind: z
    .enum(["minimal set", "ranking"])
    .describe("ranking: the first `size` features of the ranking; the largest is the ceiling."),
  refusing: estimateSchema.describe("Share of refused validate prompts that still refuse, by the judge."),
  score: estimateSchema.describe("Mean refusal score of these prompts, in log-odds."),
  kl: estimateSchema.describe(
    "Mean KL(clean ‖ ablated) per token over the clean answers to harmless prompts, in nats.",
  ),
  cross_entropy: estimateSchema.describe(
    "By how much the cross-entropy of these answers rises, in nats per token.",
  ),
});
