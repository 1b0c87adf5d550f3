/** One request to a model behind an endpoint, and its reply. The reply is parsed once, in read-reply.ts. */
import type { Json } from "../core/hash.ts";
import type { Message } from "../core/records/prompt.ts";

export interface ChatRequest {
  model: string;
  messages: readonly Message[];
  /** The longest answer, in the server's tokens. */
  max_tokens: number;
  temperature: number;
  seed?: number;
  /** Ask for the answer's tokens with their log-probabilities. */
  logprobs?: boolean;
  /** How many likely tokens to list at each place. Only with `logprobs`. */
  top_logprobs?: number;
  /** Variables of the chat template. vLLM, SGLang, llama.cpp and `fathom serve` read them; other servers may refuse them. */
  chat_template_kwargs?: Readonly<Record<string, Json>>;
}

/** stop: the model ended its answer. other: a reason that no other word fits, or none was given. */
export type ChatFinish = "stop" | "length" | "content_filter" | "other";

export interface ReplyToken {
  /** As the server writes it. A token that holds a part of a character is not text; see `bytes`. */
  text: string;
  /** The token's UTF-8 bytes; null if the server does not say them. */
  bytes: readonly number[] | null;
  /** Natural logarithm of the probability. */
  logprob: number;
  /** The likeliest tokens at this place, as the server orders them; empty unless they were asked for. */
  top: readonly { text: string; logprob: number }[];
}

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  /** Tokens of a thought, part of the completion's; null if the server does not say it. */
  reasoning_tokens: number | null;
}

export interface ChatReply {
  /** What the model answers; "" if there is nothing. */
  text: string;
  /** Thoughts that the server gives in a field of their own; null without such a field. */
  reasoning: string | null;
  finish: ChatFinish;
  /** What the provider says instead of an answer, from the field `refusal` or from an error about its content policy. */
  refusal: string | null;
  /** null if the server gives none. */
  tokens: readonly ReplyToken[] | null;
  /** null if the server does not count. */
  usage: Usage | null;
  /** The model that the server says has answered; null if it does not say. */
  model: string | null;
  /** The server's `system_fingerprint`; null if it has none. */
  fingerprint: string | null;
}
