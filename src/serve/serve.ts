/**
 * An OpenAI-compatible endpoint over Fathom's own engine, on loopback: chat completions, completions, and the model's name. What a
 * request says is followed, or refused with an error that names the field; nothing that could change the answer is ignored.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { endsOf } from "../model/checkpoint/checkpoint.ts";
import type { Model } from "../model/model.ts";
import { askedInChat, askedInCompletion } from "./asked.ts";
import { ApiError, apiErrorOf } from "./loopback/api-error.ts";
import { readBody } from "./loopback/body.ts";
import { listenOnLoopback } from "./loopback/loopback.ts";
import { respond, respondWithError, sendJson } from "./respond.ts";
import { Rows } from "./rows/rows.ts";
import { type Served, servedOf } from "./served.ts";

/** A prompt that fills a context of a million tokens has about 4 MB. */
const mostBytes = 8 * 2 ** 20;

export interface ServeOptions {
  /** 0 takes a free one. */
  port: number;
  token: string;
  /** How many answers are generated together at most. */
  batchSize: number;
  /** The longest answer of a request that does not say it. */
  maxTokens: number;
  /** The day that the chat template writes as today's, YYYY-MM-DD. */
  day: string;
  /** Called with an error of the server's own, which a client is not told. */
  onFault: (error: unknown) => void;
}

export interface Server {
  /** The base address for clients, which ends with /v1. */
  url: string;
  /** Ends all requests. The model stays open. */
  close(): Promise<void>;
}

/** @throws FathomError when the checkpoint has no tokenizer or no end tokens, or when the port is taken */
export async function serveModel(model: Model, options: ServeOptions): Promise<Server> {
  const { port, token, batchSize, onFault } = options;
  const rows = new Rows(model, endsOf(model.checkpoint), batchSize);
  const served = servedOf(model, rows, options);
  const refuse = (response: ServerResponse, error: unknown): void => {
    // The client has gone, perhaps in the middle of its body.
    if (response.destroyed) return;
    if (!(error instanceof ApiError) && apiErrorOf(error).status >= 500) onFault(error);
    respondWithError(response, error);
  };
  const loopback = await listenOnLoopback({
    port,
    token,
    handle(request, response) {
      route(served, request, response).catch((error: unknown) => {
        refuse(response, error);
      });
    },
    refuse(response, reason) {
      refuse(
        response,
        reason === "wrong token"
          ? new ApiError(401, "expected the header Authorization: Bearer TOKEN, with this server's token", {
              code: "invalid_api_key",
            })
          : new ApiError(403, "the header Host names another server"),
      );
    },
  });
  return {
    url: `${loopback.url}/v1`,
    async close() {
      rows.close();
      await loopback.close();
    },
  };
}

interface Route {
  method: "GET" | "POST";
  answer: (served: Served, request: IncomingMessage, response: ServerResponse) => Promise<void> | void;
}

const routes: Readonly<Record<string, Route>> = {
  "/v1/models": {
    method: "GET",
    answer({ card }, _, response) {
      sendJson(response, 200, { object: "list", data: [card] });
    },
  },
  "/v1/chat/completions": {
    method: "POST",
    async answer(served, request, response) {
      await respond(served, askedInChat(served, await bodyOf(request)), response);
    },
  },
  "/v1/completions": {
    method: "POST",
    async answer(served, request, response) {
      await respond(served, askedInCompletion(served, await bodyOf(request)), response);
    },
  },
};

async function route(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? "/").replace(/[?#].*/, "");
  const found = Object.hasOwn(routes, path) ? routes[path]! : null;
  if (found === null) throw new ApiError(404, `${path}: expected one of ${Object.keys(routes).join(", ")}`);
  if (request.method !== found.method) throw new ApiError(405, `${path}: expected ${found.method}`);
  await found.answer(served, request, response);
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request, mostBytes);
  if (body.kind === "too large") throw new ApiError(413, `the body: expected at most ${mostBytes} bytes`);
  if (body.kind === "not JSON") throw new ApiError(400, `the body: expected JSON, found ${body.message}`);
  return body.value;
}
