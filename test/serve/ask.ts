/** Asks a server of a test over HTTP. */
import { expect } from "vitest";
import type { ServedModel } from "../support/served-model.ts";

export interface Reply {
  status: number;
  body: Completion;
}

/** The members that the tests read. */
export interface Completion {
  id: string;
  model: string;
  system_fingerprint: string;
  choices: {
    message: { role: string; content: string; reasoning_content?: string };
    text: string;
    logprobs: { content: LogProbability[] } | null;
    finish_reason: string;
  }[];
  usage: {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
    completion_tokens_details?: { reasoning_tokens: number };
  };
  error: { message: string; type: string; param: string | null; code: string | null };
}

export interface LogProbability {
  token: string;
  bytes: number[];
  logprob: number;
  top_logprobs: { token: string; bytes: number[]; logprob: number }[];
}

export const user = (content: string) => [{ role: "user", content }];

/** @param fields go over a greedy request of 24 tokens */
export async function ask(
  served: ServedModel,
  fields: Readonly<Record<string, unknown>>,
  path = "/chat/completions",
): Promise<Reply> {
  return await post(
    served,
    path,
    JSON.stringify({ model: served.name, temperature: 0, max_tokens: 24, ...fields }),
  );
}

export async function post(
  { url, token }: ServedModel,
  path: string,
  body: string | ReadableStream<Uint8Array>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
    body,
    ...(typeof body === "string" ? {} : { duplex: "half" }),
  });
  return { status: response.status, body: (await response.json()) as Completion };
}

/** The members of a chunk that the tests read. */
export interface Chunk {
  object: string;
  choices: {
    delta: { role?: string; content?: string; reasoning_content?: string };
    text: string;
    logprobs: { content: LogProbability[] } | null;
    finish_reason: string | null;
  }[];
  usage?: Completion["usage"] | null;
  error?: Completion["error"];
}

/** Asks for a stream. @returns its events without `[DONE]`, and whether that was the last one */
export async function streamed(
  { url, token, name }: ServedModel,
  fields: Readonly<Record<string, unknown>>,
  path = "/chat/completions",
): Promise<{ chunks: Chunk[]; done: boolean }> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ model: name, temperature: 0, max_tokens: 24, stream: true, ...fields }),
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  const events = (await response.text()).split("\n\n");
  expect(events.pop()).toBe("");
  for (const event of events) expect(event).toMatch(/^data: [^\n]+$/);
  const data = events.map((event) => event.slice("data: ".length));
  const done = data.at(-1) === "[DONE]";
  return { chunks: (done ? data.slice(0, -1) : data).map((text) => JSON.parse(text) as Chunk), done };
}
