/** Reads the body of a request as JSON. */
import type { IncomingMessage } from "node:http";

export type Body =
  | { kind: "json"; value: unknown }
  | { kind: "too large" }
  | { kind: "not JSON"; message: string };

/** Lists and objects inside each other. No request needs as many, and code that walks through a value calls itself. */
const deepest = 64;

/** @param most bytes; the rest of a larger body is not kept */
export async function readBody(request: IncomingMessage, most: number): Promise<Body> {
  if (Number(request.headers["content-length"] ?? 0) > most) return { kind: "too large" };
  const chunks: Buffer[] = [];
  let size = 0;
  // To destroy the request would close the connection, and the client would not get the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) return { kind: "too large" };
    chunks.push(chunk);
  }
  const wrong = (message: string): Body => ({ kind: "not JSON", message });
  try {
    const value: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks)),
    );
    return isDeeper(value, deepest)
      ? wrong(`more than ${deepest} lists inside each other`)
      : { kind: "json", value };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return wrong(error.message);
    throw error;
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return false;
  return levels === 0 || Object.values(value).some((part) => isDeeper(part, levels - 1));
}
