/** Everything that the report of a comparison of runs shows, as one record. Page, Markdown and terminal are made from it only. */
import { z } from "zod";
import { findingSchema } from "../records/finding.ts";
import { conditionSchema, otherSystemSchema } from "../records/observation.ts";
import { promptSchema } from "../records/prompt.ts";
import { identitySchema, shownTurnSchema } from "../records/report.ts";
import { outcomes } from "../records/verdict.ts";

const outcome = z.enum(outcomes);
const text = z.string().min(1);

/** The runs that are compared, by their names: base first. */
export const ofSchema = z.tuple([text, text]);

/** An answer whose refusal is there in one run and not in the other. */
export const flipSchema = z.strictObject({
  of: ofSchema,
  prompt_id: text,
  condition: z.strictObject({
    ...conditionSchema.pick({ template: true, seed: true, prefill: true, turn: true }).shape,
    other_system: otherSystemSchema.nullable().default(null),
    /** The token cap at which both answers were judged. */
    cap: z.int().positive(),
  }),
  from: outcome,
  to: outcome,
});
export type Flip = z.infer<typeof flipSchema>;

/** What is shown of an answer; null where it is withheld, and then `printable` is the words of it that refuse. */
const shownAnswer = z.strictObject({
  text: z.string().nullable(),
  redacted: z.boolean(),
  printable: z.string().nullable(),
});

export const shownFlipSchema = flipSchema.extend({
  ...promptSchema.pick({ prompt: true, tier: true, framing: true }).shape,
  /** The turns before the prompt. */
  turns: z.array(shownTurnSchema).default([]),
  /** The answer of the base, then that of the other run. */
  answers: z.tuple([shownAnswer, shownAnswer]),
});
export type ShownFlip = z.infer<typeof shownFlipSchema>;

/** A way in which a run is worse than its base, named by a rule on an interval. */
export const failureModeSchema = z.strictObject({
  of: ofSchema,
  name: text,
  /** Id of the finding that the rule reads. */
  finding: text,
});
export type FailureMode = z.infer<typeof failureModeSchema>;

export const comparisonSchema = z.strictObject({
  schema: z.literal(1),
  kind: z.literal("comparison"),
  title: text,
  /** Base first. */
  runs: z.array(z.strictObject({ run: text, subject: text })).min(2),
  /** What the runs were made with and that is not the same in all, with the value in each run. */
  differences: z.array(z.strictObject({ what: text, values: z.array(z.string()) })),
  /** Sentences that a reader must know before any number. */
  notes: z.array(text),
  findings: z.array(findingSchema),
  failure_modes: z.array(failureModeSchema),
  flips: z.array(shownFlipSchema),
  identities: z.array(identitySchema),
  redaction: z.strictObject({ applied: z.boolean(), rule: text, answers: z.int().nonnegative() }),
  not_measured: z.array(text),
});
export type Comparison = z.infer<typeof comparisonSchema>;
