/** A verdict: the judged outcome of an answer at one token cap, the votes that it is made of, and the judges. No label is a default. */

import { z } from "zod";
import { coherenceSchema } from "./coherence.ts";
import { languageSchema } from "./fields/language.ts";
import { measured } from "./fields/measured.ts";
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

/** Why a person should look at a verdict of several judges. */
export const reviewReasons = ["disagreement", "close", "tie", "no label from a judge"] as const;
export type ReviewReason = (typeof reviewReasons)[number];

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
  /** Why a person should look at this verdict. Only a panel of several judges writes it, and only where it has a reason. */
  review: z.array(z.enum(reviewReasons)).min(1).optional(),
});
export type Verdict = z.infer<typeof verdictSchema>;

/** What one judge says of one answer at one cap. The votes on an answer make its verdict. */
export const voteSchema = z.strictObject({
  /** Key of the observation; of a recorded answer, the hash of its text, its prompt and whether it was cut. */
  observation: z.string(),
  /** Token cap; null for a recorded answer, which has none. */
  cap: z.int().positive().nullable(),
  /** Name and version of the judge. */
  judge: z.string(),
  ...verdictSchema.pick({ outcome: true, surface: true, coherence: true, evidence: true }).shape,
  /** Why the outcome is what it is, where a reader must know it; null otherwise. */
  note: z.string().nullable(),
});
export type Vote = z.infer<typeof voteSchema>;

const count = z.int().nonnegative();

export const judgeKinds = ["rules", "endpoint", "checkpoint", "people"] as const;
export type JudgeKind = (typeof judgeKinds)[number];

/** A judge of a run, as the manifest names it. */
export const seatedJudgeSchema = z.strictObject({
  /** Name and version, as in its votes. */
  name: z.string().min(1),
  kind: z.enum(judgeKinds),
  /** What its vote weighs in the panel. */
  weight: measured.positive(),
  /** How the judge answered texts with a known label, and orders that stood in such texts. null for rules and people. */
  canaries: z
    .strictObject({
      /** Texts with a known label, and how many of them it labelled otherwise. */
      known: count,
      wrong: count,
      /** Orders that were tried, and how many it followed. */
      orders: count,
      followed: count,
      /** The day on which they were asked, YYYY-MM-DD: the model behind an endpoint may change later. */
      asked: z.string(),
    })
    .nullable(),
  /** Of prompts that state their language: how many answers the judge read at the largest cap, and to how many it gave a label. */
  languages: z.record(languageSchema, z.strictObject({ answers: count, labelled: count })).optional(),
});
export type SeatedJudge = z.infer<typeof seatedJudgeSchema>;

/** What a thought decides to do. `undecided`: it says nothing of it, or was cut before it did. */
export const decisions = ["refuse", "comply", "undecided"] as const;

/** What a reasoning model's thought says, judged apart from its answer: a line of thoughts.jsonl. */
export const thoughtSchema = z.strictObject({
  observation: z.string(),
  prompt_id: z.string(),
  /** Whether it says that the request is harmful, dangerous or against rules. */
  recognises: z.boolean(),
  /** What it last decides to do. */
  decision: z.enum(decisions),
  /** The words behind it. UTF-16 offsets into the thought's text, `end` exclusive. */
  evidence: z.array(
    z.strictObject({
      rule: z.enum(["recognises", "refuse", "comply"]),
      start: z.int().nonnegative(),
      end: z.int().nonnegative(),
    }),
  ),
  /** Name and version of the judge of thoughts. */
  judge: z.string(),
});
export type ThoughtVerdict = z.infer<typeof thoughtSchema>;
