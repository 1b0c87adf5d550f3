/** The answers of POST /v1/chat/completions. */
import type { Finish } from "../rows/answer.ts";
import type { TokenLogProbability } from "../rows/token-shown.ts";
import type { Shape, ShapeOptions } from "./replies.ts";

export function chatShape({ head, tokens: wanted, withUsage }: ShapeOptions): Shape {
  const logProbabilities = (tokens: readonly TokenLogProbability[]) =>
    wanted ? { content: tokens, refusal: null } : null;
  const chunk = (delta: object, tokens: readonly TokenLogProbability[], finish: Finish | null) => ({
    ...head,
    object: "chat.completion.chunk",
    choices: [
      {
        index: 0,
        delta,
        logprobs: tokens.length === 0 ? null : logProbabilities(tokens),
        finish_reason: finish,
      },
    ],
    ...(withUsage ? { usage: null } : {}),
  });
  return {
    whole: ({ text, reasoning, tokens, finish, usage }) => ({
      ...head,
      object: "chat.completion",
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: text,
            refusal: null,
            ...(usage.completion_tokens_details === undefined ? {} : { reasoning_content: reasoning }),
          },
          logprobs: logProbabilities(tokens),
          finish_reason: finish,
        },
      ],
      usage,
    }),
    opening: chunk({ role: "assistant", content: "" }, [], null),
    chunk({ text, reasoning, tokens }) {
      if (text === "" && reasoning === "" && tokens.length === 0) return null;
      return chunk(
        {
          ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
          ...(text === "" && reasoning !== "" ? {} : { content: text }),
        },
        tokens,
        null,
      );
    },
    last: (finish) => chunk({}, [], finish),
    usage: (usage) => ({ ...head, object: "chat.completion.chunk", choices: [], usage }),
  };
}
