/** anatomy.json: what takes part in a model's refusals. Every estimate has its n and its interval. */
import { z } from "zod";
import { shownFeatureSchema } from "./anatomy/features.ts";
import { count, estimateSchema, featureSchema, outcomeSchema, tallySchema, text } from "./anatomy/parts.ts";
import { backupSchema, cascadeSchema, roundSchema } from "./anatomy/redundancy.ts";
import { directionSchema, scoreSchema } from "./anatomy/score.ts";
import { searchSchema } from "./anatomy/search.ts";
import { minimalSetSchema, paretoSchema, publishedFilterSchema } from "./anatomy/sets.ts";
import { measured } from "./fields/measured.ts";

export const anatomySchema = z.strictObject({
  format: z.literal(1),
  outcome: outcomeSchema,
  reason: text.describe("The outcome in a sentence."),
  level: measured.describe("Confidence level of every interval."),
  seed: count,
  sizes: z.record(z.string(), count).describe("How much was measured, as planned."),
  sites: z
    .array(
      z.strictObject({
        sae: text,
        layer: z.int().min(-1),
        features: count,
        candidates: count.describe("Features that the search could ablate."),
        gate: z
          .enum(["passed", "failed", "not run"])
          .describe("Only a dictionary that passed is searched; not run: the anatomy ended before."),
        explained: measured
          .nullable()
          .describe(
            "Share of the stream's variance that its features explain; the rest, its error, is never ablated.",
          ),
      }),
    )
    .describe(
      "The dictionaries that were asked for, and what was searched. Depth is relative to these dictionaries, and repair outside them is not seen.",
    ),
  prompts: z
    .strictObject({ harmful: tallySchema, harmless: tallySchema })
    .describe("Judged clean answers, all parts."),
  score: scoreSchema.nullable().describe("null where no answers refuse, or none comply."),
  direction: directionSchema.nullable(),
  search: searchSchema.nullable().describe("null where no features were searched."),
  ceiling: tallySchema.nullable().describe("Answers of refused fit prompts with all candidates ablated."),
  minimal_sets: z.array(minimalSetSchema),
  published_filter: publishedFilterSchema
    .nullable()
    .describe("The greedy filter of arXiv 2509.09708 on the same candidates; null where not asked for."),
  per_prompt: z.array(
    z.strictObject({ prompt: text, outcome: outcomeSchema, sets: z.array(z.array(featureSchema)) }),
  ),
  depth: count.nullable().describe("Rounds until the free model gives way; null if it never does."),
  depth_on_test: estimateSchema
    .nullable()
    .describe(
      "The depth by judged answers of refused test prompts to the same rounds; its estimate is null if they do not give way. An end of the interval beyond the last round counts one more. null where not measured.",
    ),
  ending: z
    .enum([...(["gave way", "not in this dictionary", "only broken text", "nothing woke", "limit"] as const)])
    .nullable()
    .describe("Why there was no further round; limit: as many as were asked for. null where not measured."),
  rounds: z.array(roundSchema),
  dormant: count
    .nullable()
    .default(null)
    .describe(
      "Candidates that are silent on at least one refused test prompt without any ablation: only these can wake. null where not measured, and in anatomies of older versions.",
    ),
  cascade: z
    .array(cascadeSchema)
    .describe("The refusal score by round, the clean run first; empty where no rounds were measured."),
  backups: z.array(backupSchema).describe("Every feature that woke in some round, tested."),
  features: z
    .array(shownFeatureSchema)
    .describe("Every feature of a minimal set, a round or the backups, once, with where it is active."),
  pareto: z
    .array(paretoSchema)
    .describe(
      "What ablating sets of rising size does to refusals, and what it costs; empty where not measured.",
    ),
  ledger: z
    .array(z.strictObject({ stage: text, what: text, asked: count, block_evaluations: count }))
    .describe(
      "What was measured, by stage: questions of each kind that no earlier stage had asked, and how many blocks were computed on how many rows.",
    ),
});
export type Anatomy = z.infer<typeof anatomySchema>;
