/** The model that a server offers, as its requests see it. */
import { hashJson } from "../core/hash.ts";
import { type Checkpoint, textOf } from "../model/checkpoint/checkpoint.ts";
import type { Model } from "../model/model.ts";
import type { CheckpointText } from "../model/text/text.ts";
import { type Thinking, thinkingOf } from "../model/text/thinking.ts";
import type { EncodingTokenizer } from "../model/text/tokenizer/tokenizer.ts";
import { ApiError } from "./loopback/api-error.ts";
import type { Head } from "./protocol/replies.ts";
import type { Rows } from "./rows/rows.ts";
import { TokenShower } from "./rows/token-shown.ts";

export interface Served {
  checkpoint: Checkpoint;
  tokenizer: EncodingTokenizer;
  text: CheckpointText;
  rows: Rows;
  shower: TokenShower;
  /** null if the model cannot think. */
  thinking: Thinking | null;
  maxTokens: number;
  /** The day that the chat template writes as today's, YYYY-MM-DD. */
  day: string;
  /** The item of GET /v1/models. */
  card: { id: string } & Readonly<Record<string, unknown>>;
  /** Equal for equal weights, adapter, tokenizer, template and precision. */
  fingerprint: string;
}

export function servedOf(
  model: Model,
  rows: Rows,
  { maxTokens, day }: Pick<Served, "maxTokens" | "day">,
): Served {
  const { checkpoint, precision } = model;
  const text = textOf(checkpoint);
  const { tokenizer } = text;
  const id = checkpoint.adapter === null ? checkpoint.name : `${checkpoint.name}+${checkpoint.adapter.name}`;
  const identity = { ...checkpoint.identity, ...text.identity, precision };
  return {
    checkpoint,
    tokenizer,
    text,
    rows,
    thinking: thinkingOf(tokenizer, text.template),
    shower: new TokenShower(tokenizer),
    maxTokens,
    day,
    card: {
      id,
      object: "model",
      created: Math.floor(Date.now() / 1000),
      owned_by: "fathom",
      // As in vLLM.
      max_model_len: checkpoint.config.contextLength,
    },
    fingerprint: `fathom-${hashJson(identity).slice(0, 16)}`,
  };
}

/** @throws ApiError for the name of another model */
export function headOf({ card, fingerprint }: Served, asked: string, prefix: string): Head {
  if (asked !== card.id)
    throw new ApiError(
      404,
      `model: this server has ${JSON.stringify(card.id)}, not ${JSON.stringify(asked)}`,
      {
        param: "model",
        code: "model_not_found",
      },
    );
  return {
    id: `${prefix}-${crypto.randomUUID().replaceAll("-", "")}`,
    created: Math.floor(Date.now() / 1000),
    model: card.id,
    system_fingerprint: fingerprint,
  };
}
