/** How the search went: what its score, its ranking and its interventions are worth. */
import { z } from "zod";
import { measured } from "../fields/measured.ts";
import { count, estimateSchema } from "./parts.ts";

const boundarySchema = z.strictObject({
  score: measured.describe("Below it the search takes an answer for one that does not refuse."),
  disagreement: estimateSchema.describe(
    "Share of judged fit answers on its wrong side: clean ones, and those with all candidates ablated.",
  ),
});

const rankingSchema = z.strictObject({
  alone: estimateSchema.describe(
    "Spearman's rank correlation of estimated effects with the true ones of a random sample of features, each ablated alone; n counts features.",
  ),
  both_ends: estimateSchema.describe(
    "The same with the mean of that and of the effect as the last of all, which is what is estimated.",
  ),
  curved: count.describe(
    "Candidates whose gradient changes so much on the way that a first-order estimate says little. The search ablates the strongest of them for real.",
  ),
  candidates: count,
});

const armsSchema = z.strictObject({
  prompts: count,
  no_op: measured.describe(
    "Largest change of a score by an ablation of strength 0. The run ends unless it is 0.",
  ),
  repeat: measured.describe(
    "Largest difference of two runs of the same ablation. The run ends unless it is 0.",
  ),
  moved: count.describe("Prompts whose score the ablation moves. The run ends if none does."),
});

export const searchSchema = z.strictObject({
  boundary: boundarySchema
    .nullable()
    .describe("null if all answers were of one kind; then judged answers alone say what flips."),
  exhaustive: z
    .boolean()
    .describe("No other minimal set exists, if ablating more never brings the refusal back."),
  lowered: count.describe("How often the boundary was lowered, because a set's answers still refused."),
  refuted: count.describe("Sets that flip by score and not by judged answers."),
  ranking: rankingSchema.nullable(),
  arms: armsSchema.nullable().describe("null where no set was found."),
});
