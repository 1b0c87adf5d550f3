/**
 * Divides a generated row into thought and answer. The engine does it by token ids where the checkpoint has marks of its own.
 * A model without them can still write the marks in ordinary tokens, as a fine-tune may have taught it. Then they are found
 * in the text, as in recorded text. Such a row is stopped at the answer's cap, because nothing could tell the engine.
 */
import { splitReasoning } from "../../../core/channels.ts";
import { type ReasoningMarks, reasoningMarks } from "../../../core/reasoning-marks.ts";
import type { Observation } from "../../../core/records/observation.ts";
import type { Generation } from "../../../model/engine/generation.ts";
import { decodeWithEnds } from "../../../model/text/decode-ends.ts";
import type { Tokenizer } from "../../../model/text/tokenizer/tokenizer.ts";

/** What an observation says of a row. All lists are of the answer's tokens alone. */
export interface Channels {
  record: Pick<Observation, "ids" | "thought" | "text" | "text_ends" | "finish" | "refusal_scores">;
  /** resid_post of the answer's n tokens, [n, d_model] per layer. */
  activations: Float32Array<ArrayBuffer>[];
  /** n */
  tokens: number;
}

export function channelsOf(tokenizer: Tokenizer, row: Generation, width: number): Channels {
  const { ids, finish, watchScores, activations } = row;
  const thought = row.thought === null ? inText(tokenizer, ids) : byIds(tokenizer, ids, row.thought);
  const from = thought?.tokens ?? 0;
  // The engine has left out the thoughts that it knows of.
  const rest = row.thought === null ? from : 0;
  const { text, ends } = decodeWithEnds(tokenizer, ids.slice(from));
  return {
    record: { ids, thought, text, text_ends: ends, finish, refusal_scores: watchScores.slice(rest) },
    activations: rest === 0 ? activations : activations.map((values) => values.slice(rest * width)),
    tokens: ids.length - from,
  };
}

function byIds(
  tokenizer: Tokenizer,
  ids: readonly number[],
  { tokens, closed }: NonNullable<Generation["thought"]>,
): Observation["thought"] {
  const text = tokenizer.decode(ids.slice(0, tokens), { skipSpecial: false });
  const without = (of: string, { open, close }: ReasoningMarks) =>
    of.replaceAll(open, "").replaceAll(close, "");
  return { tokens, text: reasoningMarks.reduce(without, text).trim(), closed };
}

/** The thought that the text alone tells: the tokens up to the one with which its closing mark is complete. */
function inText(tokenizer: Tokenizer, ids: readonly number[]): Observation["thought"] {
  const { text, ends } = decodeWithEnds(tokenizer, ids, { skipSpecial: false });
  const { reasoning, cut, behind } = splitReasoning(text);
  if (reasoning === null) return null;
  const tokens = cut ? ids.length : ends.findIndex((end) => end >= behind) + 1;
  return { tokens, text: reasoning, closed: !cut };
}
