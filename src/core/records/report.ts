/**
 * Everything that a report shows, as one record. The page, the Markdown and the terminal summary are made from this record only.
 * So
 * a text that is not in it, such as a redacted answer, cannot appear in any of them.
 */
import { z } from "zod";
import { catalogSchema } from "./catalog.ts";
import { klCurveSchema } from "./fidelity.ts";
import { measured } from "./fields/measured.ts";
import { findingSchema } from "./finding.ts";
import { conditionSchema, observationSchema, otherSystemSchema } from "./observation.ts";
import { poolings } from "./pooling.ts";
import { promptSchema, turnSchema } from "./prompt.ts";
import { thoughtSchema, verdictSchema } from "./verdict.ts";

const template = conditionSchema.shape.template;
const seed = conditionSchema.shape.seed;

/** One labelled fact about the audited things or about Fathom, e.g. a hash, a version, a seed. */
export const identitySchema = z.strictObject({
  /** What the fact is about, e.g. "Model", "Prompts", "Fathom". Facts of one subject are shown together. */
  subject: z.string().min(1),
  label: z.string().min(1),
  value: z.string(),
});
export type Identity = z.infer<typeof identitySchema>;

const reportPlanSchema = z.strictObject({
  templates: z.array(template).min(1),
  /** Token caps, rising. */
  caps: z.array(z.int().positive()).min(1),
  seeds: z.array(seed).min(1),
  /** null: recorded answers do not say it. */
  temperature: measured.nonnegative().nullable(),
  /** Whether another tool recorded the answers, so that no model was asked. */
  recorded: z.boolean().default(false),
  /** How an answer's features are pooled over its response tokens. */
  pooling: z.enum(poolings),
  /** Name and version of the judge. */
  judge: z.string(),
});
export type ReportPlan = z.infer<typeof reportPlanSchema>;

/** The inside view through one SAE, as the report shows it. */
const shownInsideSchema = z.strictObject({
  /** Key of the SAE. Findings about another SAE than the first have it in their ids. */
  sae: z.string(),
  name: z.string(),
  /** Block whose resid_post it reads. */
  layer: z.int().nonnegative(),
  measured: z.boolean(),
  /** The features that it is made from; null if it was not measured, and in runs of versions that kept none. */
  catalog: catalogSchema.nullable(),
});
export type ShownInside = z.infer<typeof shownInsideSchema>;

const rowVerdictSchema = verdictSchema
  .pick({ cap: true, outcome: true, surface: true, coherence: true, evidence: true, refusal_token: true })
  .extend({
    /** UTF-16 length of the answer's text at this cap. Offsets of the evidence count in that prefix, or in `own_text`. */
    text_end: z.int().nonnegative(),
    /** The answer at this cap, if it is another one than the beginning of the row's. Left out also where the row is redacted. */
    own_text: z.string().optional(),
  });
export type RowVerdict = z.infer<typeof rowVerdictSchema>;

/** A turn before the prompt; `content` is null where it is withheld, and then `printable` is the words of it that refuse. */
export const shownTurnSchema = turnSchema.extend({
  content: z.string().nullable(),
  printable: z.string().nullable(),
});
export type ShownTurn = z.infer<typeof shownTurnSchema>;

/** One answer: one prompt under one condition. */
export const reportRowSchema = z.strictObject({
  ...promptSchema.pick({
    ...{ prompt: true, tier: true, framing: true, category: true, panel: true, pair: true, language: true },
  }).shape,
  prompt_id: z.string(),
  /** The turns before the prompt, oldest first. */
  turns: z.array(shownTurnSchema).default([]),
  template,
  seed,
  /** What was put into the model's mouth; null without, and in reports of older versions. */
  prefill: conditionSchema.shape.prefill.default(null),
  turn: conditionSchema.shape.turn,
  /** The system prompt with which the prompt was asked again; null if it is that of all plain answers. */
  other_system: otherSystemSchema.nullable().default(null),
  /** Index in `conditions` of the answer's condition. */
  condition: z.int().nonnegative(),
  /** null if it is redacted, and only then. */
  text: z.string().nullable(),
  redacted: z.boolean(),
  /** The words of a redacted text that refuse, "" if there are none; null if the text is not redacted. */
  printable: z.string().nullable(),
  /** A reasoning model's thought, and what it says; null if the answer has none. `text` is null where it is left out. */
  thought: z
    .strictObject({
      ...thoughtSchema.pick({ recognises: true, decision: true }).shape,
      tokens: z.int().nonnegative(),
      closed: z.boolean(),
      text: z.string().nullable(),
    })
    .nullable()
    .default(null),
  /** Number of tokens read, and of tokens of the answer; null where an endpoint does not say it. */
  prompt_tokens: z.int().nonnegative().nullable(),
  tokens: z.int().nonnegative().nullable(),
  finish: observationSchema.shape.finish,
  /** One per cap, caps rising. */
  verdicts: z.array(rowVerdictSchema),
  /** Divergence in [0, 2] for each of `insides`; null if it is undefined or was not measured. */
  D: z.array(measured.nullable()),
  /** Refusal score before each of the first `refusalScoresShown` tokens, rounded to 2 decimals. */
  refusal_scores: z.array(measured),
});
export type ReportRow = z.infer<typeof reportRowSchema>;

/** The changes that a reader looks for are in the first words. More scores would only make the file larger. */
export const refusalScoresShown = 32;

export const reportDataSchema = z.strictObject({
  schema: z.literal(1),
  title: z.string().min(1),
  identities: z.array(identitySchema),
  plan: reportPlanSchema,
  /** The distinct conditions, with the number of answers under each. */
  conditions: z.array(conditionSchema.extend({ answers: z.int().nonnegative() })),
  /** Sentences that a reader must know before any number. */
  warnings: z.array(z.string().min(1)),
  /** Sentences that a reader must know about how the model's files were read. */
  notes: z.array(z.string().min(1)),
  findings: z.array(findingSchema),
  /** One entry per SAE; the first is the one that the headline is about. An empty list without an SAE. */
  insides: z.array(shownInsideSchema),
  /** Token by token, how far the model is from another checkpoint; null where none was named. */
  kl_to: z
    .strictObject({ other: z.string().min(1), curves: z.array(klCurveSchema) })
    .nullable()
    .default(null),
  rows: z.array(reportRowSchema),
  redaction: z.strictObject({
    /** false if the person who ran the audit asked for the text. */
    applied: z.boolean(),
    rule: z.string(),
    answers: z.int().nonnegative(),
  }),
  /** Sentences that say what a reader might expect and does not get. */
  not_measured: z.array(z.string().min(1)),
});
export type ReportData = z.infer<typeof reportDataSchema>;
