/**
 * The replies of an endpoint: one line per reply, written as soon as it has arrived. Every reply may have cost money, so a resumed
 * run uses them all and asks for none of them again. The file also says which model each reply claims to come from, and when.
 */
import { join } from "node:path";
import { z } from "zod";
import { parseRecord } from "../../../core/parse.ts";
import { type Journal, openJournal, readJournal } from "../../../files/lines/journal.ts";

export const repliesName = "replies.jsonl";

const count = z.int().nonnegative();

export const replySchema = z.strictObject({
  /** Key of the observation that the reply belongs to. */
  key: z.string(),
  prompt_id: z.string(),
  /** The token cap that it was asked for. */
  cap: z.int().positive(),
  /** What the request allowed: the cap, and for a reasoning model also room for its thought. */
  max_tokens: z.int().positive(),
  /** The message's content, a thought between marks included. */
  text: z.string(),
  /** A thought in a field of its own. */
  reasoning: z.string().nullable(),
  /** The message's `refusal`, or the sentence of an error about the provider's content policy. */
  refusal: z.string().nullable(),
  finish: z.enum(["stop", "length", "content_filter", "other"]),
  /** [tokens] how many UTF-16 units of `text` are complete after each token; null if the endpoint gave no tokens. */
  token_ends: z.array(count).nullable(),
  usage: z
    .strictObject({
      prompt_tokens: count,
      completion_tokens: count,
      /** Tokens of a thought, part of the completion's; null if the endpoint does not say it. */
      reasoning_tokens: count.nullable(),
    })
    .nullable(),
  /** What the reply counts in the budget: its tokens, or the most that it can have cost. */
  cost: count,
  /** The model and the fingerprint that the reply names; null if it names none. */
  model: z.string().nullable(),
  fingerprint: z.string().nullable(),
  /** When it arrived, in ISO 8601. */
  at: z.string(),
  /** SHA-256 of the line's text up to here, as in observations.jsonl. */
  sha256: z.string().optional(),
});
export type Reply = z.infer<typeof replySchema>;

const pathOf = (run: string): string => join(run, repliesName);

const parse = (value: unknown, where: string): Reply =>
  parseRecord(replySchema, value, where, "restore the file or start a new run");

/** @throws FathomError for damage that a kill cannot have made */
export function openReplies(run: string): Journal<Reply> {
  return openJournal(pathOf(run), parse);
}

/** What a run's replies have spent, and which models they name, in the order in which they first appear. */
export const repliesSummarySchema = z.strictObject({
  requests: count,
  tokens: count,
  models: z.array(
    z.strictObject({ model: z.string().nullable(), fingerprint: z.string().nullable(), replies: count }),
  ),
  /** When the first and the last reply arrived; null without a reply. */
  first: z.string().nullable(),
  last: z.string().nullable(),
});
export type RepliesSummary = z.infer<typeof repliesSummarySchema>;

export function summaryOf(replies: readonly Reply[]): RepliesSummary {
  const models = new Map<string, RepliesSummary["models"][number]>();
  for (const { model, fingerprint } of replies) {
    const name = JSON.stringify([model, fingerprint]);
    const known = models.get(name);
    if (known === undefined) models.set(name, { model, fingerprint, replies: 1 });
    else known.replies++;
  }
  return {
    requests: replies.length,
    tokens: replies.reduce((sum, { cost }) => sum + cost, 0),
    models: [...models.values()],
    first: replies[0]?.at ?? null,
    last: replies.at(-1)?.at ?? null,
  };
}

/** Reads all replies of a run, and writes nothing. @throws FathomError for damage */
export function readReplies(run: string): Reply[] {
  return readJournal(pathOf(run), parse);
}
