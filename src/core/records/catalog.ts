/**
 * The features that a run chose for each category, as they are stored and shown: how strong, how likely by chance, and how
 * often they would be chosen again.
 */
import { z } from "zod";
import { measured } from "./measured.ts";

/** A token on which a feature is active, and the text around it: response tokens of one answer of the selection half. */
const contextSchema = z.strictObject({
  observation: z.string(),
  prompt_id: z.string(),
  /** Of the token in its answer, from 0; and how many tokens that has. */
  position: z.int().nonnegative(),
  of: z.int().positive(),
  /** The feature's activation on it. */
  activation: measured,
  /** null where a report leaves the answer's text out. */
  around: z
    .strictObject({
      /** Place of the token in `tokens`. */
      at: z.int().nonnegative(),
      /** Joined they are the text; "" for bytes of a character that a later token ends. */
      tokens: z.array(z.string()),
      /** The feature's activation on each. */
      activations: z.array(measured),
    })
    .nullable(),
});
export type CatalogContext = z.infer<typeof contextSchema>;

const catalogFeatureSchema = z.strictObject({
  /** Index in the SAE. */
  feature: z.int().nonnegative(),
  /** Cohen's d on the selection half, and its interval at `level`; neither is corrected for having been chosen. */
  d: measured,
  interval: z.tuple([measured, measured]),
  /** One-sided p of d, and the same adjusted over all features tested for the category (Benjamini–Hochberg). */
  p: z.number().min(0).max(1),
  q: z.number().min(0).max(1),
  /** Share of the resamples of the selection half on which it is chosen again. */
  stability: z.number().min(0).max(1),
  /** Where Neuronpedia shows it; null where the SAE's file names no place there. */
  neuronpedia: z
    .strictObject({ id: z.string(), link: z.string().regex(/^https:\/\/www\.neuronpedia\.org\/[\w./-]+$/) })
    .nullable(),
  /** Where it is strongest, each in another answer, strongest first; none in catalogs of versions that kept none. */
  contexts: z.array(contextSchema).default([]),
});

export const catalogSchema = z.strictObject({
  schema: z.literal(1),
  /** Key of the SAE: its name and layer. Runs of versions that knew one SAE do not say. */
  sae: z.string().default(""),
  level: measured,
  resamples: z.int().positive(),
  /** Prompts of the selection half; none of them is scored. */
  prompts: z.int().nonnegative(),
  /** Only of an SAE that was used although the load gate refused it: what is to be known of it. */
  gate_override: z.string().optional(),
  categories: z.array(
    z.strictObject({
      name: z.string(),
      /** The two sides, e.g. "hazard-adjacent against benign prompts". */
      contrast: z.string(),
      /** Matched pairs (or prompts without one) on either side. */
      groups: z.tuple([z.int(), z.int()]),
      /** Features that vary between the two sides' answers, and so were tested. */
      tested: z.int().positive(),
      /** Strongest first. */
      features: z.array(catalogFeatureSchema),
    }),
  ),
  /**
   * The learned projection: a category's number is the sum of weights [features] times an answer's pooled activations, plus
   * bias. null where none was asked for, and in catalogs of versions without it.
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
