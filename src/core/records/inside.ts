/**
 * The inside view: what the answers look like through one SAE. It has three forms, each with one name:
 * - `MeasuredInside` (audit/inside/inside.ts): measured. What engine and SAE give, in memory, or why they give nothing.
 * - `StoredInside` (here): stored. What inside.json has of it; its chosen features are in catalog.json (catalog.ts).
 * - `ShownInside` (report.ts): shown. What the report and its page get.
 */
import { z } from "zod";
import { listOf } from "./list-of.ts";
import { measured } from "./measured.ts";

const storedInsideSchema = z.strictObject({
  /** Key of the SAE (core/sae-keys.ts); empty without one, and in runs of versions that knew one SAE. */
  sae: z.string().default(""),
  /** Answers of the scored half under the main template at the largest cap; none without an SAE. */
  scores: z.array(
    z.strictObject({
      observation: z.string(),
      prompt_id: z.string(),
      /** Divergence in [0, 2]; null where it is undefined. */
      D: measured.nullable(),
      /** Pooled activation of each chosen category, in the order of `categories`. */
      f: z.array(measured),
    }),
  ),
  /** The categories that f holds, and those left out with the reason. */
  categories: z.array(z.strictObject({ name: z.string(), features: z.array(z.int()) })),
  left_out: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  /** Why there is no inside view; null where there is one. */
  not_measured: z.string().nullable(),
  /** Special tokens in the answers: the template's, and not pooled. */
  special_tokens: z.int().nonnegative().default(0),
  /** Massive tokens in the answers, not pooled: those of a norm above this, null where none was looked for. */
  massive_tokens: z.int().nonnegative().default(0),
  massive_norm: measured.positive().nullable().default(null),
  /** Answers with no token left to pool. */
  answers_without_tokens: z.int().nonnegative().default(0),
  /** What is to be known of an SAE that was used although the load gate refused it; null otherwise. */
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

/** In the order of the manifest's SAEs; one that says why not, where there is none. */
export const insideSchema = listOf(storedInsideSchema);
