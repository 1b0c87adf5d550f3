/** Whether a file is what its ETag says: sha256 of its bytes, or git's sha1 of them with their length in front. */
import { createHash } from "node:crypto";
import { createReadStream, statSync } from "node:fs";

const chunkBytes = 1 << 22;

/** @param etag 64 hex digits (sha256) or 40 (git) */
export async function hasHash(path: string, etag: string): Promise<boolean> {
  const hash = createHash(etag.length === 64 ? "sha256" : "sha1");
  if (etag.length === 40) hash.update(`blob ${statSync(path).size}\0`);
  // In pieces that let the process breathe: a lock has to be kept alive beside this.
  for await (const chunk of createReadStream(path, { highWaterMark: chunkBytes }))
    hash.update(chunk as Buffer);
  return hash.digest("hex") === etag;
}
