/** The answers of POST /v1/completions, the older endpoint for plain text. It lists log probabilities by property. */
import type { Finish } from "../rows/answer.ts";
import type { TokenLogProbability } from "../rows/token-shown.ts";
import type { Shape, ShapeOptions } from "./replies.ts";

export function completionShape({ head, tokens: wanted, withUsage }: ShapeOptions): Shape {
  // Where the next token begins in the text. A character counts when it is complete.
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let offset = 0;
  const behind = (bytes: readonly number[]): number => {
    const start = offset;
    offset += decoder.decode(Uint8Array.from(bytes), { stream: true }).length;
    return start;
  };
  const columns = (tokens: readonly TokenLogProbability[]) => ({
    tokens: tokens.map(({ token }) => token),
    token_logprobs: tokens.map(({ logprob }) => logprob),
    top_logprobs: tokens.map(({ top_logprobs: top }) =>
      Object.fromEntries(top.map(({ token, logprob }) => [token, logprob])),
    ),
    text_offset: tokens.map(({ bytes }) => behind(bytes)),
  });
  const choice = (text: string, tokens: readonly TokenLogProbability[], finish: Finish | null) => ({
    index: 0,
    text,
    logprobs: wanted ? columns(tokens) : null,
    finish_reason: finish,
  });
  const object = { ...head, object: "text_completion" };
  const chunk = (one: object) => ({ ...object, choices: [one], ...(withUsage ? { usage: null } : {}) });
  return {
    whole: ({ text, tokens, finish, usage }) => ({
      ...object,
      choices: [choice(text, tokens, finish)],
      usage,
    }),
    opening: null,
    chunk({ text, tokens }) {
      return text === "" && tokens.length === 0 ? null : chunk(choice(text, tokens, null));
    },
    last: (finish) => chunk(choice("", [], finish)),
    usage: (usage) => ({ ...object, choices: [], usage }),
  };
}
