/**
 * An endpoint on loopback that misbehaves on purpose. It speaks OpenAI's chat completions, records all requests, and answers each
 * as the test says. Honest answers of a real model come from `fathom serve`; this one is for everything else.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface AskedChat {
  path: string;
  authorization: string | null;
  body: Record<string, unknown>;
}

/** Answers one request. `turn` counts requests from 0. */
export type Reply = (response: ServerResponse, asked: AskedChat, turn: number) => void | Promise<void>;

export interface EndpointServer {
  /** Its address, ending in /v1. */
  url: string;
  asked: AskedChat[];
  /** The most requests that were open at the same time. */
  mostOpen: number;
  close(): Promise<void>;
}

export async function startEndpoint(reply: Reply): Promise<EndpointServer> {
  let open = 0;
  const server = createServer((request, response) => {
    open++;
    state.mostOpen = Math.max(state.mostOpen, open);
    response.on("close", () => open--);
    void bodyOf(request).then(async (body) => {
      const { authorization = null } = request.headers;
      const asked = { path: request.url ?? "", authorization, body };
      await reply(response, asked, state.asked.push(asked) - 1);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const state: EndpointServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked: [],
    mostOpen: 0,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

/** A chat completion with this message. */
export const completion = (
  message: Readonly<Record<string, unknown>>,
  more: { finish_reason?: string; logprobs?: unknown; usage?: unknown } = {},
): object => ({
  id: "chatcmpl-1",
  object: "chat.completion",
  model: "tiny-1",
  system_fingerprint: "fp_1",
  choices: [
    {
      index: 0,
      message: { role: "assistant", ...message },
      finish_reason: more.finish_reason ?? "stop",
      ...(more.logprobs === undefined ? {} : { logprobs: more.logprobs }),
    },
  ],
  usage: more.usage ?? { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
});
