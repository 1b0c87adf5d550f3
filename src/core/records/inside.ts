/**
 * The inside view: the answers, seen through one SAE. It has three forms, and each has one name:
 * - `MeasuredInside` (audit/inside/inside.ts) is the measured form, in memory. It says why, if nothing was measured.
 * - `StoredInside` (here) is the form in inside.json. The chosen features are in catalog.json (catalog.ts).
 * - `ShownInside` (report.ts) is the form that the report and its page get.
 */
import { z } from "zod";
import { measured } from "./fields/measured.ts";
import { listOf } from "./list-of.ts";

const storedInsideSchema = z.strictObject({
  /** Key of the SAE (core/sae-keys.ts); an empty text without an SAE, and in runs of versions that allowed only one. */
  sae: z.string().default(""),
  /** Answers of the scored half under the main template at the largest cap; an empty list without an SAE. */
  scores: z.array(
    z.strictObject({
      observation: z.string(),
      prompt_id: z.string(),
      /** Divergence in [0, 2]; null if it is undefined. */
      D: measured.nullable(),
      /** Pooled activation of each chosen category, in the order of `categories`. */
      f: z.array(measured),
    }),
  ),
  /** The categories that f holds. `left_out`: those that it does not hold, with the reason. */
  categories: z.array(z.strictObject({ name: z.string(), features: z.array(z.int()) })),
  left_out: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  /** Why there is no inside view; null if there is one. */
  not_measured: z.string().nullable(),
  /** Number of special tokens in the answers. They belong to the template and are not pooled. */
  special_tokens: z.int().nonnegative().default(0),
  /**
   * Number of massive tokens in the answers, which are not pooled: their norm is above `massive_norm`, null if not looked for.
   */
  massive_tokens: z.int().nonnegative().default(0),
  massive_norm: measured.positive().nullable().default(null),
  /** Number of answers without a token to pool. */
  answers_without_tokens: z.int().nonnegative().default(0),
  /** For an SAE that failed the load gate but was used: the sentence that says so. null otherwise. */
  gate_override: z.string().nullable().default(null),
  /** The load gate's checks of the SAE on this run's activations; null without an SAE. */
  gate: z
    .array(
      z.strictObject({
        name: z.string(),
        status: z.enum(["pass", "fail", "undetermined"]),
        sentence: z.string(),
      }),
    )
    .nullable(),
});
export type StoredInside = z.infer<typeof storedInsideSchema>;

/** One entry per SAE, in the order of the manifest. Without an SAE, one entry that says why nothing was measured. */
export const insideSchema = listOf(storedInsideSchema);
