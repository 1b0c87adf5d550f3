/** What the server answers, in the shapes of OpenAI's interface. */
import type { Finish } from "../rows/answer.ts";
import type { TokenLogProbability } from "../rows/token-shown.ts";

export interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

/** The members that every object of one answer has. */
export interface Head {
  id: string;
  created: number;
  model: string;
  system_fingerprint: string;
}

export interface Whole {
  text: string;
  finish: Finish;
  /** null when none were asked for. */
  tokens: readonly TokenLogProbability[] | null;
  usage: Usage;
}

export function usageOf(prompt: number, completion: number): Usage {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

export function chatCompletion(head: Head, { text, finish, tokens, usage }: Whole): object {
  return {
    ...head,
    object: "chat.completion",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: text, refusal: null },
        logprobs: chatLogProbabilities(tokens),
        finish_reason: finish,
      },
    ],
    usage,
  };
}

function chatLogProbabilities(tokens: readonly TokenLogProbability[] | null): object | null {
  return tokens === null ? null : { content: tokens, refusal: null };
}
