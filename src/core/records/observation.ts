/** An observation: one prompt under one condition, with the exact token ids that went in and came out. */
import { z } from "zod";
import { measured } from "./fields/measured.ts";
import { otherTurns } from "./fields/turns.ts";
import { listOf } from "./list-of.ts";
import { precisions } from "./precision.ts";

const tokenId = z.int().nonnegative();

/** Values of variables that the chat template reads, by name, such as enable_thinking: false. */
export const templateVarsSchema = z.record(z.string().min(1), z.json());
export type TemplateVars = z.infer<typeof templateVarsSchema>;

export const conditionSchema = z.strictObject({
  /** chat: the prompt went through the checkpoint's chat template. none: it went in as bare text. */
  template: z.enum(["chat", "none"]),
  system: z.string().nullable(),
  /** Text that the answer had to begin with. Its tokens are part of prompt_ids. */
  prefill: z.string().nullable(),
  /** 0 is greedy. null: the answer was recorded by another tool, which does not say it. */
  temperature: measured.nonnegative().nullable(),
  seed: z.int(),
  /** null behind an endpoint and for recorded answers, which do not say it. */
  precision: z.enum(precisions).nullable(),
  /** Variables that were passed to the chat template; empty in runs of older versions. */
  template_vars: templateVarsSchema.default({}),
  /**
   * In whose turn the chat template puts the prompt. no-generation-prompt: in the user's, and nothing opens the answer. Runs of older versions
   * have no other turn than the user's.
   */
  turn: z.enum(["user", ...otherTurns]).default("user"),
});
export type Condition = z.infer<typeof conditionSchema>;

/**
 * Text that is put into the model's mouth: the first tokens of an opening. comply: one that seems to comply, before hazardous prompts;
 * refuse: one that refuses, before benign prompts.
 */
export const prefillSchema = z.strictObject({
  opening: z.enum(["comply", "refuse"]),
  /** How many tokens of the opening. */
  tokens: z.int().positive(),
  /** The text of these tokens, as conditions have it. */
  text: z.string().min(1),
});
export type Prefill = z.infer<typeof prefillSchema>;

/** A system prompt with which prompts are asked again; null for none. `n` is its place in the plan's also_systems, from 1. */
export const otherSystemSchema = z.strictObject({
  n: z.int().positive(),
  system: conditionSchema.shape.system,
});
export type OtherSystem = z.infer<typeof otherSystemSchema>;

const finishSchema = z.enum(["stop", "length", "context", "blocked", "refused"]);

export const observationSchema = z.strictObject({
  /** SHA-256 of everything that the observation depends on. A resumed run skips the keys that it has. */
  key: z.string(),
  prompt_id: z.string(),
  condition: conditionSchema,
  /** The exact tokens that the model read, special tokens included; empty behind an endpoint, which takes text. */
  prompt_ids: z.array(tokenId),
  /**
   * The exact tokens that the model generated, without the end token: those of the thought, then those of the answer. Empty behind
   * an endpoint, which gives text.
   */
  ids: z.array(tokenId),
  /**
   * A reasoning model's thought: its tokens are ids[0] to ids[tokens - 1], marks included. `text` is what it says, without
   * marks. `closed` is false if the model was stopped, or ended, before its answer began. null if there is no thought. Older
   * versions counted thoughts as answers. Behind an endpoint `tokens` is 0, because its ids are not known.
   */
  thought: z
    .strictObject({ tokens: z.int().nonnegative(), text: z.string(), closed: z.boolean() })
    .nullable()
    .default(null),
  /** The answer's text. Its n tokens are those of `ids` behind the thought. */
  text: z.string(),
  /**
   * [n] text_ends[i]: how many UTF-16 units of `text` are complete after token i of the answer. The text at a cap is such a
   * prefix.
   */
  text_ends: z.array(z.int().nonnegative()),
  /**
   * stop: an end token; length: the largest cap, or the thought's cap; context: the model's context was full. Only behind an endpoint: blocked: the
   * provider withheld the answer or cut it off; refused: the reply says that the model refuses, and `text` is what it says.
   */
  finish: finishSchema,
  /**
   * Only behind an endpoint that gives no tokens: the answer at every cap, caps rising, each asked for alone. `text` is the one
   * at the largest cap, and `text_ends` is empty. A recorded answer has the one at its cap. Left out where one answer is judged
   * at every cap.
   */
  capped: z
    .array(z.strictObject({ cap: z.int().positive(), text: z.string(), finish: finishSchema }))
    .optional(),
  /**
   * [n] Refusal score before each token of the answer: log p − log(1 − p), where p is the summed probability of the refusal tokens
   * (arXiv 2406.11717).
   */
  refusal_scores: z.array(measured),
  /**
   * Where resid_post of the answer's tokens is kept, [n, d_model], one entry per layer. `sha256` is that of the values; older versions did not
   * write it.
   */
  activations: listOf(
    z.strictObject({ file: z.string(), tensor: z.string(), layer: z.int(), sha256: z.string().optional() }),
  ),
  /** SHA-256 of the line's text up to here. A line of observations.jsonl ends with it; the reader checks it and takes it off. */
  sha256: z.string().optional(),
});
export type Observation = z.infer<typeof observationSchema>;

/** The tokens of the answer: those behind the thought. */
export function answerIds({ ids, thought }: Pick<Observation, "ids" | "thought">): number[] {
  return ids.slice(thought?.tokens ?? 0);
}
