/**
 * The features that a run chose for each category, as stored and shown: how strong each is, how likely by chance, and how
 * often it would be chosen again.
 */
import { z } from "zod";
import { aroundSchema } from "./fields/around.ts";
import { measured } from "./fields/measured.ts";

/** A token on which a feature is active, and the response tokens around it. The answer is from the selection half. */
const contextSchema = z.strictObject({
  observation: z.string(),
  prompt_id: z.string(),
  /** Position of the token in its answer, from 0; length of the answer in tokens. */
  position: z.int().nonnegative(),
  of: z.int().positive(),
  /** The feature's activation on it. */
  activation: measured,
  /** null where the report leaves the answer's text out. */
  around: aroundSchema.nullable(),
});
export type CatalogContext = z.infer<typeof contextSchema>;

const catalogFeatureSchema = z.strictObject({
  /** Index in the SAE. */
  feature: z.int().nonnegative(),
  /** Cohen's d on the selection half, and its interval at `level`. Neither is corrected for the selection of features. */
  d: measured,
  interval: z.tuple([measured, measured]),
  /** p: one-sided p value of d. q: p adjusted over all features tested for the category (Benjamini–Hochberg). */
  p: z.number().min(0).max(1),
  q: z.number().min(0).max(1),
  /** Share of the resamples of the selection half on which it is chosen again. */
  stability: z.number().min(0).max(1),
  /** The feature's page on Neuronpedia; null where the SAE's file names none. */
  neuronpedia: z
    .strictObject({ id: z.string(), link: z.string().regex(/^https:\/\/www\.neuronpedia\.org\/[\w./-]+$/) })
    .nullable(),
  /** Tokens on which the feature is strongest, at most one per answer, strongest first. Older catalogs have none. */
  contexts: z.array(contextSchema).default([]),
});

export const catalogSchema = z.strictObject({
  schema: z.literal(1),
  /** Key of the SAE: its name and layer. Runs of versions that allowed only one SAE have an empty text. */
  sae: z.string().default(""),
  level: measured,
  resamples: z.int().positive(),
  /** Prompts of the selection half. These prompts are never scored. */
  prompts: z.int().nonnegative(),
  /** Present only for an SAE that failed the load gate but was used: the sentence that says so. */
  gate_override: z.string().optional(),
  categories: z.array(
    z.strictObject({
      name: z.string(),
      /** The two sides, e.g. "hazard-adjacent against benign prompts". */
      contrast: z.string(),
      /** Matched pairs on each side; a prompt without a pair counts as one. */
      groups: z.tuple([z.int(), z.int()]),
      /** Features that were tested: those whose values vary over the two sides' answers. */
      tested: z.int().positive(),
      /** Strongest first. */
      features: z.array(catalogFeatureSchema),
    }),
  ),
  /**
   * The learned projection: a category's number is weights [features] · the answer's pooled activations [features] + bias.
   * null where the plan asks for none, and in older catalogs.
   */
  projection: z
    .strictObject({
      features: z.array(z.int().nonnegative()),
      categories: z.array(z.strictObject({ name: z.string(), weights: z.array(measured), bias: measured })),
    })
    .nullable()
    .default(null),
});
export type Catalog = z.infer<typeof catalogSchema>;
export type CatalogCategory = Catalog["categories"][number];
