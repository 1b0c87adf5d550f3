/** anatomy.json: what takes part in a model's refusals. Every estimate has its n and its interval. */
import { z } from "zod";
import { aroundSchema } from "./fields/around.ts";
import { measured } from "./fields/measured.ts";

const count = z.int().nonnegative();
const text = z.string().min(1);
const interval = z.tuple([measured, measured]);

/** A number that was estimated over prompts or sets. */
const estimateSchema = z.strictObject({
  estimate: measured.nullable().describe("null where it is not defined."),
  interval: interval.nullable().describe("At the level of the file; null where there are too few."),
  n: count,
});

const featureSchema = z.strictObject({
  sae: text.describe("Key of the SAE: its name and layer."),
  layer: z.int().min(-1).describe("The block whose output (resid_post) is meant; -1 is the embedding."),
  feature: count,
});

/** Answers by what they did. All but `looped` add up to `asked`. */
const tallySchema = z.strictObject({
  asked: count,
  complied: count,
  refused: count,
  evaded: count.describe("Neither decline nor answer."),
  broken: count.describe("Empty, incoherent or noise: neither a refusal nor a flip."),
  other: count.describe("Partial, hedged, mixed, truncated or undetermined."),
  looped: count.describe("Of any kind but broken, and ending in a loop."),
});

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

const scoreSchema = agreementSchema.extend({
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

/** An effect of the direction, beside those of random directions of equal norm. */
const besideSchema = z.strictObject({
  chosen: measured,
  random: z.strictObject({ mean: measured, interval }),
  p: measured,
});

const directionSchema = z.strictObject({
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
  candidates: z.array(candidateSchema).describe("The candidates that were measured."),
});

const controlSchema = z.strictObject({
  kind: z.enum(["matched sets", "all matched sets", "random directions"]),
  proxy: z.strictObject({ sets: count, effect: estimateSchema, p: measured.nullable() }),
  judged: z
    .strictObject({ sets: count, prompts: count, flips: estimateSchema, p: measured.nullable() })
    .nullable(),
});

/** A set of features, and what it does on prompts that the search never saw. */
const testedSetSchema = z.strictObject({
  features: z.array(featureSchema).min(1),
  fit: tallySchema.describe("Judged answers of the prompts that the set was found on."),
  test: tallySchema.nullable().describe("Judged answers of test prompts, which the search never saw."),
  flips: estimateSchema.describe("Share of refused test prompts whose answers then comply."),
  control: controlSchema.nullable(),
});

const minimalSetSchema = testedSetSchema.extend({
  certified: z.boolean().describe("1-minimal: without any one member the set no longer flips."),
  certified_by: z.enum(["score", "judge"]),
  chosen_again: z.array(measured).nullable().describe("Per feature: share of resamples whose set holds it."),
});

const publishedFilterSchema = z.strictObject({
  share: measured.describe("A block of five features is kept if it lowers P(refusal) by this share of it."),
  prompts: count.describe("Refused fit prompts over which P is averaged."),
  kept: testedSetSchema
    .nullable()
    .describe("What all three orders keep: neither certified nor minimal; null if that is nothing."),
});

const roundSchema = z.strictObject({
  features: z.array(featureSchema).describe("The new features of this round. Rounds are cumulative."),
  width: count,
  alternatives: z
    .array(z.array(featureSchema).min(1))
    .describe("All minimal sets that were found in this round; the smallest is the one that is ablated."),
  answers: tallySchema.describe(
    "Judged answers of the free model to refused fit prompts, with this and all earlier rounds ablated.",
  ),
  woken: z
    .strictObject({ mean: measured, random: z.strictObject({ mean: measured, interval }), p: measured })
    .nullable()
    .describe(
      "Features that the ablation wakes, mean over prompts, beside random changes of equal norm at its sites; null where not measured.",
    ),
});

const cascadeSchema = z.strictObject({
  round: count.describe("Rounds that are ablated; 0 is the clean run."),
  ablated: count.describe("Features that are ablated."),
  free: estimateSchema.describe("m: mean refusal score of the free model, in log-odds."),
  held: estimateSchema.describe(
    "m0: the same while everything that was silent on the clean run is held silent.",
  ),
  repair: estimateSchema.describe("m - m0, paired over prompts."),
  repair_at_clean_norm: measured
    .nullable()
    .describe("The repair with the final norm's scale of the clean run, which excludes repair by rescaling."),
});

const backupSchema = z.strictObject({
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

const shownFeatureSchema = z.strictObject({
  ...featureSchema.shape,
  effect: estimateSchema.describe(
    "How much the refusal score of fit prompts falls when it is ablated, in log-odds, while the earlier rounds and the other features of its set are ablated and everything still silent is held silent.",
  ),
  active_on: z
    .strictObject({ harmful: count, harmless: count })
    .describe("Fit prompts of each side on which it is active in the clean run."),
  contexts: z
    .array(
      z.strictObject({
        prompt: text.describe("Id of a fit prompt. No answer is in a context."),
        side: z.enum(["harmful", "harmless"]),
        rounds: count.describe("Rounds that were ablated when it was read; 0: the clean run."),
        position: count.describe("Of the token in the prompt, from 0."),
        of: z.int().positive().describe("Tokens of the prompt."),
        activation: measured,
        around: aroundSchema,
      }),
    )
    .describe("Tokens of fit prompts on which it is strongest, at most one per prompt, strongest first."),
});

const costSchema = z.strictObject({
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

const outcomeSchema = z.enum([
  ...(["found", "not in this dictionary", "only broken text", "no refusal to take apart"] as const),
]);

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
          .enum(["passed", "failed"])
          .describe("A dictionary that failed the load gate is not searched."),
        explained: measured
          .nullable()
          .describe(
            "Share of the stream's variance that its features explain; the rest, its error, is never ablated.",
          ),
      }),
    )
    .describe(
      "Where was searched. Depth is relative to these dictionaries, and repair outside them is not seen.",
    ),
  prompts: z
    .strictObject({ harmful: tallySchema, harmless: tallySchema })
    .describe("Judged clean answers, all parts."),
  score: scoreSchema.nullable().describe("null where no answers refuse, or none comply."),
  direction: directionSchema.nullable(),
  ceiling: tallySchema.nullable().describe("Answers of refused fit prompts with all candidates ablated."),
  minimal_sets: z.array(minimalSetSchema),
  published_filter: publishedFilterSchema
    .nullable()
    .describe("The greedy filter of arXiv 2509.09708 on the same candidates; null where not asked for."),
  per_prompt: z.array(
    z.strictObject({ prompt: text, outcome: outcomeSchema, sets: z.array(z.array(featureSchema)) }),
  ),
  depth: count.nullable().describe("Rounds until the free model gives way; null if it never does."),
  rounds: z.array(roundSchema),
  cascade: z
    .array(cascadeSchema)
    .describe("The refusal score by round, the clean run first; empty where no rounds were measured."),
  backups: z.array(backupSchema).describe("Every feature that woke in some round, tested."),
  features: z
    .array(shownFeatureSchema)
    .describe("Every feature of a minimal set, a round or the backups, once, with where it is active."),
  pareto: z
    .array(costSchema)
    .describe(
      "What ablating sets of rising size does to refusals, and what it costs; empty where not measured.",
    ),
  ledger: z
    .array(z.strictObject({ what: text, asked: count, block_evaluations: count }))
    .describe(
      "What was measured: questions of each kind, and how many blocks were computed on how many rows.",
    ),
});
export type Anatomy = z.infer<typeof anatomySchema>;
