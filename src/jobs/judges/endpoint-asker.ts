/** A model behind an OpenAI-compatible endpoint as the model that judges. */
import { splitReasoning } from "../../core/channels.ts";
import { FathomError } from "../../core/errors.ts";
import type { Endpoint } from "../../endpoint/endpoint.ts";
import { isAboutTheRequest } from "../../endpoint/refused.ts";
import type { Asked, Asker, Reply } from "../../judges/presets/asker.ts";
import { topLogProbabilities } from "./checkpoint-asker.ts";

export function endpointIdentity(url: string, model: string): string {
  return `${model}@${url}`;
}

export class EndpointAsker implements Asker {
  readonly identity: string;
  readonly #endpoint: Endpoint;
  readonly #model: string;
  /** Whether the endpoint has answered. Before that, an error about a request may be an error about all of them. */
  #hasAnswered = false;

  constructor(endpoint: Endpoint, model: string) {
    this.#endpoint = endpoint;
    this.#model = model;
    this.identity = endpointIdentity(endpoint.url, model);
  }

  async ask({ prompt, maxTokens, logprobs }: Asked, signal: AbortSignal): Promise<Reply> {
    const content = prompt.kind === "text" ? prompt.pieces.map(({ text }) => text).join("") : null;
    const request = {
      model: this.#model,
      messages: prompt.kind === "turns" ? prompt.messages : [{ role: "user" as const, content: content! }],
      max_tokens: maxTokens,
      temperature: 0,
      ...(logprobs ? { logprobs: true, top_logprobs: topLogProbabilities } : {}),
    };
    try {
      const reply = await this.#endpoint.chat(request, signal);
      this.#hasAnswered = true;
      if (reply.finish === "content_filter" || reply.refusal !== null)
        return { kind: "nothing", why: "its provider withheld the reply" };
      const { answer, reasoning } = splitReasoning(reply.text);
      const thinks = reasoning !== null || (reply.reasoning ?? "") !== "";
      if (answer.trim() === "" && thinks)
        return {
          kind: "nothing",
          why: `it thought until its ${maxTokens} tokens were spent; turn its thinking off`,
        };
      const top = reply.tokens?.[0]?.top ?? [];
      return {
        kind: "said",
        text: answer,
        // The first token of a thought says nothing about the label.
        first: thinks || top.length === 0 ? null : top.map(({ text, logprob }) => ({ token: text, logprob })),
      };
    } catch (error) {
      if (this.#hasAnswered && error instanceof FathomError && isAboutTheRequest(error))
        return { kind: "nothing", why: `its server refuses this request (${error.problem.found})` };
      throw error;
    }
  }
}
