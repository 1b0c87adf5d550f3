/** Runs a request: its prompt enters the batch, and its tokens come out as pieces of text. */
import { randomInt } from "node:crypto";
import { requireEmbedded } from "../model/checkpoint/embedded.ts";
import { badField } from "./loopback/api-error.ts";
import { stopsOf } from "./protocol/fields.ts";
import { type Usage, usageOf } from "./protocol/replies.ts";
import { Answer, type Finish, finishOf, type Piece } from "./rows/answer.ts";
import type { Served } from "./served.ts";

/** What OpenAI's interface uses when a request states no temperature. */
const temperatureUnsaid = 1;

export interface Question {
  /** The field of the request that holds the prompt, for messages. */
  field: string;
  /** The exact tokens that the model reads. */
  ids: readonly number[];
  /** Whether a thought is told apart from the answer. */
  thinks: boolean;
  /** Tokens of thought and answer together; null: the server's default. */
  maxTokens: number | null;
  /** undefined: none are wanted. */
  topLogProbabilities: number | undefined;
  temperature?: number | null | undefined;
  seed?: number | null | undefined;
  stop?: string | readonly string[] | null | undefined;
}

export interface Listener {
  /** Called when the request is accepted. */
  onStart: () => void;
  onPiece: (piece: Piece) => void;
}

export interface Outcome {
  finish: Finish;
  usage: Usage;
}

/**
 * @param gone aborts when nobody waits for the answer any more; the promise then never settles
 * @throws ApiError for a prompt that does not fit, FathomError for a failure of the engine
 */
export async function run(
  served: Served,
  question: Question,
  gone: AbortSignal,
  { onStart, onPiece }: Listener,
): Promise<Outcome> {
  const { ids, topLogProbabilities } = question;
  const { contextLength } = served.checkpoint.config;
  requireFitting(served, question);
  const { tokenizer, shower } = served;
  const answer = new Answer({
    tokenizer,
    shower,
    thinking: question.thinks ? served.thinking : null,
    prompt: ids,
    stops: stopsOf(question.stop),
  });
  const outcome = (finish: Finish): Outcome => ({
    finish,
    usage: usageOf(ids.length, answer.count, answer.thoughtCount),
  });
  return await new Promise((resolve, reject) => {
    const leave = served.rows.start(
      {
        ids,
        maxNewTokens: Math.min(question.maxTokens ?? served.maxTokens, contextLength - ids.length),
        temperature: question.temperature ?? temperatureUnsaid,
        // Without a seed, equal requests get different answers, as clients expect of a temperature.
        seed: question.seed ?? randomInt(2 ** 47),
        ...(topLogProbabilities === undefined ? {} : { topLogProbabilities }),
      },
      {
        onToken(token) {
          onPiece(answer.push(token));
          if (!answer.stopped) return;
          leave();
          resolve(outcome("stop"));
        },
        onEnd(finish) {
          onPiece(answer.end());
          resolve(outcome(answer.stopped ? "stop" : finishOf(finish)));
        },
        onFailure: reject,
      },
    );
    gone.addEventListener("abort", leave);
    onStart();
  });
}

function requireFitting({ checkpoint }: Served, { ids, field }: Question): void {
  const { contextLength } = checkpoint.config;
  if (ids.length === 0) throw badField(field, `${field}: expected at least one token, found none`);
  if (ids.length >= contextLength)
    throw badField(
      field,
      `${field}: expected at most ${contextLength - 1} tokens (the model's context is ${contextLength}), found ${ids.length}`,
      "context_length_exceeded",
    );
  requireEmbedded(field, ids, checkpoint);
}
