/** Checks a file against its ETag: the sha256 of its bytes, or git's sha1, which also covers the length. */
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";

const chunkBytes = 1 << 22;

/** @param etag 64 hex digits (sha256) or 40 (git) */
export async function hasHash(path: string, etag: string): Promise<boolean> {
  const hash = createHash(etag.length === 64 ? "sha256" : "sha1");
  if (etag.length === 40) hash.update(`blob ${statSync(path).size}\0`);
  // The file is read in pieces, so that the event loop runs in between: the lock's heartbeat needs it.
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }))
    hash.update(chunk as Buffer);
  return hash.digest("hex") === etag;
}
