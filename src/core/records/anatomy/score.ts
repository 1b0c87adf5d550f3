/** The refusal score and the direction of an anatomy. */
import { z } from "zod";
import { measured } from "../fields/measured.ts";
import { count, estimateSchema, interval } from "./parts.ts";

const placeSchema = z.strictObject({
  prefix: z.array(count).describe("Token ids that follow the prompt; the score is read behind them."),
  tokens: z.array(z.strictObject({ id: count, token: z.string().nullable() })),
});

/** How far a score agrees with judged answers. */
const agreementSchema = z.strictObject({
  auc: estimateSchema.describe(
    "How often a refused prompt has a higher score than an answered one, on fit prompts.",
  ),
  boundary: measured.describe("Above this score the model's answers refuse."),
  disagreement: estimateSchema.describe(
    "Share of judged answers on the wrong side of the boundary, on validate prompts. Every result that rests on the score has this error.",
  ),
});

export const scoreSchema = agreementSchema.extend({
  last: placeSchema.describe("The prompt's last token, where the published score is read."),
  deciding: placeSchema.describe("Where this model decides: found, not assumed."),
  sequence: agreementSchema.describe(
    "The same for the mean log probability of a token of the judged refusals' beginnings.",
  ),
});

const effectsSchema = z.strictObject({ bypass: measured, induce: measured });

const candidateSchema = z.strictObject({
  site: z.literal("resid_post"),
  layer: z.int().min(-1),
  position: z.int().negative().describe("From the prompt's end; -1 is its last token."),
  bypass: measured.describe(
    "Mean score of harmful validate prompts while the direction is ablated at every site.",
  ),
  induce: measured.describe(
    "Mean score of harmless validate prompts while the vector is added at its layer.",
  ),
  kl: measured.describe(
    "Mean KL(clean ‖ ablated) of harmless validate prompts at the prompt's last token, in nats.",
  ),
  deciding: effectsSchema
    .nullable()
    .describe(
      "The same score at the deciding position, by which the choice is made; null if that is the last token.",
    ),
});

const ruledOutSchema = candidateSchema.extend({
  induce: measured.nullable(),
  kl: measured.nullable(),
  deciding: z.strictObject({ bypass: measured, induce: measured.nullable() }).nullable(),
});

/** An effect of the direction, beside those of random directions of equal norm. */
const besideSchema = z.strictObject({
  chosen: measured,
  random: z.strictObject({ mean: measured, interval }),
  p: measured,
});

export const directionSchema = z.strictObject({
  site: z.literal("resid_post"),
  layer: z.int().min(-1),
  position: z.int().negative(),
  norm: measured.describe("Length of the difference of means. The vector itself is never written."),
  clean: z
    .strictObject({ harmful: measured, harmless: measured })
    .describe("Mean scores without an intervention."),
  random: z.strictObject({ directions: count, bypass: besideSchema, induce: besideSchema }),
  doses: z.array(z.strictObject({ dose: measured, estimate: measured, interval: interval.nullable() })),
  split_half: z
    .strictObject({ estimate: measured, interval: interval.nullable() })
    .nullable()
    .describe("Cosine of the directions of two halves of the prompts; null with too few prompts."),
  dimensions: z.looseObject({
    count: count.describe(
      "Directions whose removal lowers the score by more than random ones, one after the other.",
    ),
  }),
  exhaustive: z
    .boolean()
    .describe("Whether every candidate was measured, and not only the best by first-order estimates."),
  considered: count.describe("Candidates that there are."),
  rejected: z.strictObject({ depth: count, kl: count, induce: count }),
  given_up: z
    .array(z.enum(["induce", "kl"]))
    .describe(
      "Filters that reject every candidate, so that the choice does without them; empty if the direction passes all.",
    ),
  candidates: z.array(candidateSchema).describe("The candidates that were measured in full."),
  ruled_out: z
    .array(ruledOutSchema)
    .describe(
      "Candidates that could not be chosen any more before all was measured: what was not needed is null. Always empty if `exhaustive`.",
    ),
});
