/**
 * A web server for this machine alone. It listens on 127.0.0.1. A request needs the token, and must name this server as its
 * host: a web page whose domain was pointed at 127.0.0.1 (DNS rebinding) names its own domain. No header for other origins
 * (CORS) is ever sent.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { failure } from "../../core/errors.ts";
import { carriesToken } from "./token.ts";

const address = "127.0.0.1";
/** After this time, connections that are still open at the end are cut. Answers that were just ended are sent by then. */
const lastWords = 500;

export interface LoopbackOptions {
  /** 0 takes a free one. */
  port: number;
  token: string;
  /** Paths that need no token: a page of the program's own, which holds nothing that is secret. None when left out. */
  open?: readonly string[];
  /** Answers a request that has the token, or needs none. */
  handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Answers a request that is not let in. */
  refuse: (response: ServerResponse, reason: "foreign host" | "wrong token") => void;
}

export interface Loopback {
  /** Without a slash at its end. */
  url: string;
  /** Lets no new request in, and ends when the connections are closed. */
  close(): Promise<void>;
}

/** @throws FathomError when the port cannot be listened on */
export async function listenOnLoopback({
  port,
  token,
  open = [],
  handle,
  refuse,
}: LoopbackOptions): Promise<Loopback> {
  let hosts: readonly string[] = [];
  const server = createServer((request, response) => {
    if (!hosts.includes(request.headers.host?.toLowerCase() ?? "")) refuse(response, "foreign host");
    else if (open.includes(request.url ?? "")) handle(request, response);
    else if (!carriesToken(request.headers.authorization, token)) refuse(response, "wrong token");
    else handle(request, response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        failure(`--port ${port}`, "a port that is free", error.code ?? error.message, "another port, or 0"),
      );
    });
    server.listen(port, address, resolve);
  });
  const own = (server.address() as AddressInfo).port;
  // A client leaves the port out of the header when it is HTTP's own.
  hosts = [address, "localhost"].flatMap((host) => [`${host}:${own}`, ...(own === 80 ? [host] : [])]);
  return {
    url: `http://${address}:${own}`,
    async close() {
      await new Promise<void>((resolve) => {
        server.close(() => {
          resolve();
        });
        setTimeout(() => {
          server.closeAllConnections();
        }, lastWords).unref();
      });
    },
  };
}
