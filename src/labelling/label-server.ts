/** Serves the labelling page to one rater, on loopback. Each rater has a server and a token of its own. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { FathomError } from "../core/errors.ts";
import { pageCoherence, pageLabels } from "../core/records/labelling.ts";
import { readBody } from "../serve/loopback/body.ts";
import { listenOnLoopback } from "../serve/loopback/loopback.ts";
import { newToken } from "../serve/loopback/token.ts";
import type { Labelling } from "./labelling.ts";

/** A request holds an id and two words. */
const mostBytes = 4096;

const bodies = {
  "/api/label": z.strictObject({
    id: z.string(),
    label: z.enum(pageLabels),
    coherence: z.enum(pageCoherence).nullable(),
  }),
  "/api/skip": z.strictObject({ id: z.string() }),
  "/api/undo": z.strictObject({}),
} as const;

export interface LabelServerOptions {
  rater: string;
  /** 0 takes a free one. */
  port: number;
  /** The page, one HTML document with everything inside. */
  page: string;
  labelling: Labelling;
  /** Called with an error of the server's own. */
  onFault: (error: unknown) => void;
}

export interface LabelServer {
  /** The address for the rater's browser. The token is behind the #, which a browser sends to nobody. */
  link: string;
  /** Lets no new request in, and ends when the connections are closed. */
  close(): Promise<void>;
}

/** @throws FathomError when the port is taken */
export async function serveLabels(options: LabelServerOptions): Promise<LabelServer> {
  const { port, page, onFault } = options;
  const token = newToken();
  const loopback = await listenOnLoopback({
    ...{ port, token, open: ["/"] },
    handle(request, response) {
      if (request.url === "/") {
        send(response, request.method === "GET" ? 200 : 405, page, "text/html");
        return;
      }
      answer(options, request).then(
        ({ status, body }) => {
          sendJson(response, status, body);
        },
        (error: unknown) => {
          onFault(error);
          sendJson(response, 500, { error: "The label was not stored; the terminal says why." });
        },
      );
    },
    refuse(response, reason) {
      const status = reason === "wrong token" ? 401 : 403;
      sendJson(response, status, { error: `The server refused the request: ${reason}.` });
    },
  });
  return {
    link: `${loopback.url}/#${token}`,
    async close() {
      await loopback.close();
    },
  };
}

interface Answer {
  status: number;
  body: object;
}

async function answer({ rater, labelling }: LabelServerOptions, request: IncomingMessage): Promise<Answer> {
  const path = request.url ?? "";
  if (path === "/api/state" && request.method === "GET") return { status: 200, body: labelling.state(rater) };
  if (!Object.hasOwn(bodies, path) || request.method !== "POST")
    return { status: 404, body: { error: `There is nothing at ${path}.` } };
  const body = await readBody(request, mostBytes);
  const value = body.kind === "json" ? body.value : null;
  try {
    act(labelling, rater, path as keyof typeof bodies, value);
  } catch (error) {
    if (error instanceof z.ZodError) return { status: 400, body: { error: "The request has another form." } };
    if (error instanceof FathomError && error.exit === 2)
      return { status: 400, body: { error: error.message } };
    throw error;
  }
  return { status: 200, body: labelling.state(rater) };
}

function act(labelling: Labelling, rater: string, path: keyof typeof bodies, value: unknown): void {
  switch (path) {
    case "/api/label": {
      const { id, ...given } = bodies[path].parse(value);
      labelling.label(rater, id, given);
      return;
    }
    case "/api/skip":
      labelling.skip(rater, bodies[path].parse(value).id);
      return;
    case "/api/undo":
      bodies[path].parse(value);
      labelling.undo(rater);
  }
}

const sendJson = (response: ServerResponse, status: number, body: object): void => {
  send(response, status, JSON.stringify(body), "application/json");
};

function send(response: ServerResponse, status: number, text: string, type: string): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    // What the page may load is in the page itself.
    "content-security-policy": "frame-ancestors 'none'",
  });
  response.end(text);
}
