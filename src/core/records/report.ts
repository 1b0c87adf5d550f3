/**
 * Everything a report shows, as one record. The page, the Markdown and the terminal summary are made from this and
 * nothing else, so what is not in here (a redacted answer, for one) cannot appear in any of them.
 */
import { z } from "zod";
import { catalogSchema } from "./catalog.ts";
import { findingSchema } from "./finding.ts";
import { measured } from "./measured.ts";
import { conditionSchema, observationSchema } from "./observation.ts";
import { poolings } from "./pooling.ts";
import { promptSchema } from "./prompt.ts";
import { verdictSchema } from "./verdict.ts";

const template = conditionSchema.shape.template;
const seed = conditionSchema.shape.seed;

/** One labelled fact about what was audited or what audited it, e.g. a hash, a version, a seed. */
export const identitySchema = z.strictObject({
  /** What the fact is about, e.g. "Model", "Prompts", "Fathom"; facts of one subject stand together. */
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
  temperature: measured.nonnegative(),
  /** How an answer's features are pooled over its response tokens. */
  pooling: z.enum(poolings),
  /** Which judge, with its version. */
  judge: z.string(),
});
export type ReportPlan = z.infer<typeof reportPlanSchema>;

/** What is seen through one SAE. */
const shownInsideSchema = z.strictObject({
  /** Key of the SAE; findings about an SAE beside the first have it in their ids. */
  sae: z.string(),
  name: z.string(),
  /** Block whose resid_post it reads. */
  layer: z.int().nonnegative(),
  measured: z.boolean(),
  /** The features that it rests on; null where it was not measured, and in runs of versions that kept none. */
  catalog: catalogSchema.nullable(),
});
export type ShownInside = z.infer<typeof shownInsideSchema>;

const rowVerdictSchema = verdictSchema
  .pick({ cap: true, outcome: true, surface: true, evidence: true, refusal_token: true })
  .extend({
    /** UTF-16 length of the answer's text at this cap; evidence offsets count in that prefix. */
    text_end: z.int().nonnegative(),
  });
export type RowVerdict = z.infer<typeof rowVerdictSchema>;

/** One answer: one prompt under one condition. */
const reportRowSchema = z.strictObject({
  ...promptSchema.pick({ prompt: true, tier: true, framing: true, category: true, panel: true, pair: true })
    .shape,
  prompt_id: z.string(),
  template,
  seed,
  /** Place in `conditions` of the whole condition. */
  condition: z.int().nonnegative(),
  /** null exactly where it is redacted. */
  text: z.string().nullable(),
  redacted: z.boolean(),
  /** Of a redacted text the words that refuse, "" where none do; null where the text is there. */
  printable: z.string().nullable(),
  /** Tokens read and tokens generated. */
  prompt_tokens: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
  finish: observationSchema.shape.finish,
  /** One a cap, caps rising. */
  verdicts: z.array(rowVerdictSchema),
  /** Divergence in [0, 2] through each of `insides`; null where it is undefined or was not measured. */
  D: z.array(measured.nullable()),
  /** Refusal score before each of the first `refusalScoresShown` tokens, rounded to 2 decimals. */
  refusal_scores: z.array(measured),
});
export type ReportRow = z.infer<typeof reportRowSchema>;

/** The rise and fall that a reader looks for is in the first words; more would only make the file heavy. */
export const refusalScoresShown = 32;

export const reportDataSchema = z.strictObject({
  schema: z.literal(1),
  title: z.string().min(1),
  identities: z.array(identitySchema),
  plan: reportPlanSchema,
  /** The distinct conditions, each with the number of answers taken under it. */
  conditions: z.array(conditionSchema.extend({ answers: z.int().nonnegative() })),
  /** What a reader has to know before any number, a sentence each. */
  warnings: z.array(z.string().min(1)),
  /** What a reader has to know of how the model's files were read, a sentence each. */
  notes: z.array(z.string().min(1)),
  findings: z.array(findingSchema),
  /** One each SAE, that which the headline speaks of first; none without an SAE. */
  insides: z.array(shownInsideSchema),
  rows: z.array(reportRowSchema),
  redaction: z.strictObject({
    /** false when the person who ran the audit asked for the text. */
    applied: z.boolean(),
    rule: z.string(),
    answers: z.int().nonnegative(),
  }),
  /** What a reader might expect and does not get, a sentence each. */
  not_measured: z.array(z.string().min(1)),
});
export type ReportData = z.infer<typeof reportDataSchema>;
