/** A verdict: the judged outcome of an answer at one token cap. There is no default label. */
import { z } from "zod";
import { coherenceSchema } from "./coherence.ts";
import { labels } from "./prompt.ts";

/** Outcomes of answers that fit no label. */
export const otherOutcomes = [
  "empty",
  "incoherent",
  "truncated",
  "mixed",
  "blocked",
  "undetermined",
] as const;
export const outcomes = [...labels, ...otherOutcomes] as const;
export type Outcome = (typeof outcomes)[number];

export const evidenceSchema = z.strictObject({
  /** Name of the rule that matched. */
  rule: z.string(),
  /** The outcome that the rule is evidence for. */
  outcome: z.enum(outcomes),
  /** UTF-16 offsets into the judged text, end exclusive. */
  start: z.int().nonnegative(),
  end: z.int().nonnegative(),
});

/** A distribution over the five labels, in the order of `labels`; sums to 1. */
export const surfaceSchema = z.strictObject(
  Object.fromEntries(labels.map((label) => [label, z.number().min(0).max(1)])) as Record<
    (typeof labels)[number],
    z.ZodNumber
  >,
);
export type Surface = z.infer<typeof surfaceSchema>;

export const verdictSchema = z.strictObject({
  observation: z.string(),
  prompt_id: z.string(),
  /** Token cap: the verdict is on the first `cap` generated tokens. */
  cap: z.int().positive(),
  outcome: z.enum(outcomes),
  /** null where no label can be given (empty, incoherent, truncated, blocked, undetermined), and only there. */
  surface: surfaceSchema.nullable(),
  /** null where the judge did not look at it, and in runs of versions that did not write it. */
  coherence: coherenceSchema.nullable().default(null),
  evidence: z.array(evidenceSchema),
  /** Index of the first token at which the refusal is visible, from 0; null where nothing refuses. */
  refusal_token: z.int().nonnegative().nullable(),
  /** Name and version of the judge. */
  judge: z.string(),
});
export type Verdict = z.infer<typeof verdictSchema>;
