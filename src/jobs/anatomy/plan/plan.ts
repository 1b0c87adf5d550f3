/** The plan of an anatomy. It states every choice; the command line fills in the defaults. */
import { z } from "zod";
import { devices } from "../../../core/records/device.ts";
import { templateVarsSchema } from "../../../core/records/observation.ts";
import { precisions } from "../../../core/records/precision.ts";
import { anatomyParts } from "./parts.ts";

const some = z.int().positive();

/** How much is measured. Every number of a result rests on one of these. */
const sizesSchema = z.strictObject({
  answer_tokens: some.describe("The most tokens of an answer that is judged, clean or under an ablation."),
  candidates: some.describe("The most features that the search may ablate, over all SAEs."),
  search_prompts: some.describe("The most fitting prompts of each side that a search uses, spread evenly."),
  sets: some.describe("The most alternative minimal sets."),
  searches: some.describe("The most searches for them."),
  measured: some.describe(
    "The most features that a ranking ablates for real because their estimate cannot be trusted.",
  ),
  rounds: some.describe("The most rounds of redundancy."),
  stability: some.describe("Resamples of the prompts on which the search is repeated."),
  ranked: some.describe("Features whose true effect is compared with the ranking."),
  waking_draws: some.describe("Random changes that show what wakes by chance."),
  per_prompt: some.describe("Fitting prompts that are also taken apart one by one."),
  controls: some.describe("Matched random sets whose effect on the score is measured."),
  judged_controls: some.describe("Matched random sets whose answers are generated and judged."),
  cost_controls: some.describe("Matched random sets whose effect on harmless answers is measured."),
  control_prompts: some.describe("Test prompts that each judged control answers."),
  resamples: some.describe("Resamples of every bootstrap interval and of every sign-flip test."),
  random_directions: some.describe("Random directions of equal norm that the direction is compared with."),
  halves: some.describe("Random halvings of the prompts, whose two directions are compared."),
  dimensions: some.describe("The most directions that are removed one after another."),
  cone_samples: some.describe("Mixtures of these directions that are tested."),
});

/** How a direction is found and chosen (arXiv 2406.11717, appendix C). null turns a filter off. */
const directionSchema = z.strictObject({
  least_induce: z
    .number()
    .nullable()
    .describe("Adding the direction must lift the score of harmless prompts to this."),
  most_kl: z
    .number()
    .nonnegative()
    .nullable()
    .describe("Ablating it may change harmless prompts by this KL, in nats."),
  depth: z
    .number()
    .positive()
    .max(1)
    .nullable()
    .describe("It must be read in this share of the blocks, the first ones."),
  agreeing_only: z.boolean().describe("Fit only on prompts whose score agrees with their side."),
  exhaustive: z
    .boolean()
    .describe("Measure every candidate, and not only the best by first-order estimates."),
  screened_share: z
    .number()
    .positive()
    .max(1)
    .describe("Share of the candidates that is measured otherwise."),
  doses: z.array(z.number()).min(1).describe("How many times the vector is added for the dose curve."),
});

/** How far a control may differ from the feature that it stands for. */
const calipersSchema = z.strictObject({
  norm: z.number().min(1).describe("Largest ratio of what the two write into the stream."),
  frequency: z.number().min(1).describe("Largest ratio of how often they are active."),
  cosine: z.number().positive().describe("Largest difference of their cosines with the direction."),
});

/** The choices that decide a result, besides model, SAEs and prompts, which a manifest names by their content. */
export const choicesSchema = z.strictObject({
  precision: z.enum(precisions),
  device: z.enum(devices),
  /** System prompt of the conversations; null for a checkpoint without a chat template too. */
  system: z.string().nullable(),
  template_vars: templateVarsSchema,
  date: z.string(),
  only: z.enum(anatomyParts),
  /** Blocks whose output a direction may be of, -1 for the embedding; null for all. */
  layers: z.array(z.int().min(-1)).min(1).nullable(),
  /** Positions of a direction, from the prompt's end, -1 its last token; null for all behind the user's text. */
  positions: z.array(z.int().negative()).min(1).nullable(),
  /** Ids of the refusal score's tokens at the prompt's last token; null finds tokens and place from the model's own refusals. */
  score_tokens: z.array(z.int().nonnegative()).min(1).nullable(),
  direction: directionSchema,
  /** Steps of integrated gradients, a third ranking of features; null does without. It decides only where the SAEs have more features than candidates. */
  integrated_steps: some.nullable(),
  /** Also run the published filter, which keeps a block of features that lowers P(refusal) by this share of it; null does without. */
  greedy_filter: z.number().positive().max(1).nullable(),
  sizes: sizesSchema,
  calipers: calipersSchema,
  /** Rows that are computed together. It decides speed and memory, and no result. */
  batch_size: some.max(1024),
  seed: z.int().nonnegative(),
});

export interface AnatomyPlan extends z.infer<typeof choicesSchema> {
  /** A Hugging Face directory, a .gguf file, or a repository of the hub. */
  model: string;
  /** A LoRA adapter over it. */
  adapter: string | null;
  /** SAEs, with k for a TopK file that does not state it. Without any, only the direction is looked for. */
  saes: readonly { path: string; k: number | null }[];
  /** Each a bundled set's name or a JSON Lines file. */
  harmful: string;
  harmless: string;
}
