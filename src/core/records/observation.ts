/** An observation: one prompt under one condition, with the exact token ids that went in and came out. */
import { z } from "zod";
import { listOf } from "./list-of.ts";
import { measured } from "./measured.ts";
import { precisions } from "./precision.ts";

const tokenId = z.int().nonnegative();

export const conditionSchema = z.strictObject({
  /** chat: the prompt went through the checkpoint's chat template. none: it went in as bare text. */
  template: z.enum(["chat", "none"]),
  system: z.string().nullable(),
  /** Text that the answer had to begin with. Its tokens are part of prompt_ids. */
  prefill: z.string().nullable(),
  /** 0 is greedy. */
  temperature: measured.nonnegative(),
  seed: z.int(),
  precision: z.enum(precisions),
});
export type Condition = z.infer<typeof conditionSchema>;

export const observationSchema = z.strictObject({
  /** SHA-256 of everything that the observation depends on. A resumed run skips the keys that it has. */
  key: z.string(),
  prompt_id: z.string(),
  condition: conditionSchema,
  /** The exact tokens that the model read, special tokens included. */
  prompt_ids: z.array(tokenId),
  /** The exact tokens that the model generated, without the end token. */
  ids: z.array(tokenId),
  text: z.string(),
  /** text_ends[i]: how many UTF-16 units of `text` are complete after token i. The text at a cap is such a prefix. */
  text_ends: z.array(z.int().nonnegative()),
  /** stop: an end token; length: the largest cap; context: the model's context was full. */
  finish: z.enum(["stop", "length", "context"]),
  /**
   * Refusal score before each generated token: log p − log(1 − p), where p is the summed probability of the refusal tokens
   * (arXiv 2406.11717).
   */
  refusal_scores: z.array(measured),
  /**
   * Where resid_post of the response tokens is kept, one entry per layer. `sha256` is that of the values; older versions did not
   * write it.
   */
  activations: listOf(
    z.strictObject({ file: z.string(), tensor: z.string(), layer: z.int(), sha256: z.string().optional() }),
  ),
  /** SHA-256 of the line's text up to here. A line of observations.jsonl ends with it; the reader checks it and takes it off. */
  sha256: z.string().optional(),
});
export type Observation = z.infer<typeof observationSchema>;
