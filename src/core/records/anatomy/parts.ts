/** Parts that several tables of anatomy.json are made of. */
import { z } from "zod";
import { measured } from "../fields/measured.ts";

export const count = z.int().nonnegative();
export const text = z.string().min(1);
export const interval = z.tuple([measured, measured]);

/** A number that was estimated over prompts or sets. */
export const estimateSchema = z.strictObject({
  estimate: measured.nullable().describe("null where it is not defined."),
  interval: interval.nullable().describe("At the level of the file; null where there are too few."),
  n: count,
});

export const featureSchema = z.strictObject({
  sae: text.describe("Key of the SAE: its name and layer."),
  layer: z.int().min(-1).describe("The block whose output (resid_post) is meant; -1 is the embedding."),
  feature: count,
});

/** Answers by what they did. All but `looped` add up to `asked`. */
export const tallySchema = z.strictObject({
  asked: count,
  complied: count,
  refused: count,
  evaded: count.describe("Neither decline nor answer."),
  broken: count.describe("Empty, incoherent or noise: neither a refusal nor a flip."),
  other: count.describe("Partial, hedged, mixed, truncated or undetermined."),
  looped: count.describe("Of any kind but broken, and ending in a loop."),
});

/** What can become of a search. */
export const outcomeSchema = z.enum([
  ...(["found", "not in this dictionary", "only broken text", "no refusal to take apart"] as const),
]);
