/** Runs what is asked, and writes the answer: as one JSON object, or as a stream of server-sent events. */
import type { ServerResponse } from "node:http";
import type { Asked } from "./asked.ts";
import { apiErrorOf } from "./loopback/api-error.ts";
import type { TokenLogProbability } from "./rows/token-shown.ts";
import { run } from "./run.ts";
import type { Served } from "./served.ts";

/** @throws ApiError or FathomError, if nothing is written yet */
export async function respond(served: Served, asked: Asked, response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  const gone = whenGone(response);
  await (asked.stream ? respondInPieces : respondWhole)(served, asked, gone, response);
}

async function respondWhole(
  served: Served,
  { question, shape }: Asked,
  gone: AbortSignal,
  response: ServerResponse,
): Promise<void> {
  let [text, reasoning] = ["", ""];
  const tokens: TokenLogProbability[] = [];
  const outcome = await run(served, question, gone, {
    onStart: () => undefined,
    onPiece(piece) {
      text += piece.text;
      reasoning += piece.reasoning;
      tokens.push(...piece.tokens);
    },
  });
  sendJson(response, 200, shape.whole({ text, reasoning, tokens, ...outcome }));
}

async function respondInPieces(
  served: Served,
  { question, shape, withUsage }: Asked,
  gone: AbortSignal,
  response: ServerResponse,
): Promise<void> {
  const send = (event: object | null): void => {
    if (event !== null && !response.destroyed) response.write(`data: ${JSON.stringify(event)}\n\n`);
  };
  const { finish, usage } = await run(served, question, gone, {
    onStart() {
      response.writeHead(200, {
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-cache",
      });
      response.flushHeaders();
      send(shape.opening);
    },
    onPiece(piece) {
      send(shape.chunk(piece));
    },
  });
  send(shape.last(finish));
  if (withUsage) send(shape.usage(usage));
  response.end("data: [DONE]\n\n");
}

/** Headers of an error. What is left of a body that is too large is not waited for. */
const more: Readonly<Record<number, Record<string, string>>> = {
  413: { connection: "close" },
  429: { "retry-after": "1" },
};

/** Writes an error, as an answer or as the last event of a stream. A stream without `[DONE]` is not whole. */
export function respondWithError(response: ServerResponse, error: unknown): void {
  const { status, body } = apiErrorOf(error);
  if (response.headersSent) response.end(`data: ${JSON.stringify(body)}\n\n`);
  else sendJson(response, status, body, more[status]);
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(JSON.stringify(body));
}

/** Aborts when the client has gone before it was answered. */
function whenGone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.on("close", () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}
