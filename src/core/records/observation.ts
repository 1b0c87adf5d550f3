/** One prompt under one condition, as it happened: exact token ids, text, and the identities of everything used. */
import { z } from "zod";
import { listOf } from "./list-of.ts";
import { measured } from "./measured.ts";
import { precisions } from "./precision.ts";

const tokenId = z.int().nonnegative();

export const conditionSchema = z.strictObject({
  /** Whether the prompt went through the checkpoint's chat template, or in as bare text. */
  template: z.enum(["chat", "none"]),
  system: z.string().nullable(),
  /** Text that the answer was made to begin with; its tokens are part of prompt_ids. */
  prefill: z.string().nullable(),
  /** 0 is greedy. */
  temperature: measured.nonnegative(),
  seed: z.int(),
  precision: z.enum(precisions),
});
export type Condition = z.infer<typeof conditionSchema>;

export const observationSchema = z.strictObject({
  /** SHA-256 of everything the observation depends on: the unit of resuming. */
  key: z.string(),
  prompt_id: z.string(),
  condition: conditionSchema,
  /** Exactly what the model read, special tokens included. */
  prompt_ids: z.array(tokenId),
  /** Exactly what it generated, without the end token. */
  ids: z.array(tokenId),
  text: z.string(),
  /** text_ends[i] = how many UTF-16 units of `text` are complete once token i is there; a cap is a prefix. */
  text_ends: z.array(z.int().nonnegative()),
  /** stop: an end token; length: the largest cap; context: the model's context was full. */
  finish: z.enum(["stop", "length", "context"]),
  /** Refusal score before each generated token: log p − log(1 − p), p the refusal tokens' probability (2406.11717). */
  refusal_scores: z.array(measured),
  /** Where the response tokens' resid_post is kept, a layer each; the SHA-256 of its values, which older versions did not keep. */
  activations: listOf(
    z.strictObject({ file: z.string(), tensor: z.string(), layer: z.int(), sha256: z.string().optional() }),
  ),
  /** Of the record's text up to here: what a line of observations.jsonl ends with, and is read without. */
  sha256: z.string().optional(),
});
export type Observation = z.infer<typeof observationSchema>;
