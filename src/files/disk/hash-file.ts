/** SHA-256 of files of any size, with a cache of hashes in the user's cache folder, never beside the checkpoint. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { hashText } from "../../core/hash.ts";
import { cacheFolder } from "./cache-folder.ts";
import { readJson, readProblem, writeTextAtomically } from "./io.ts";

const chunkBytes = 1 << 22;

/** SHA-256 of a file's bytes, 64 hex digits. Holds 4 MiB in memory at a time. @throws FathomError if it cannot be read */
export function hashFile(path: string): string {
  const hash = createHash("sha256");
  const chunk = Buffer.allocUnsafe(chunkBytes);
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    for (let length = readSync(fd, chunk); length > 0; length = readSync(fd, chunk))
      hash.update(chunk.subarray(0, length));
  } catch (error) {
    throw readProblem(path, error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
  return hash.digest("hex");
}

/** SHA-256 of a file that is in memory, 64 hex digits. */
export function hashBytes(file: Uint8Array): string {
  return createHash("sha256").update(file).digest("hex");
}

/** SHA-256 of an array's bytes as they are stored, 64 hex digits. */
export function hashValues({ buffer, byteOffset, byteLength }: Float32Array): string {
  return hashBytes(new Uint8Array(buffer, byteOffset, byteLength));
}

/**
 * Like `hashFile`, but remembers the hash by path, size and modification time (in nanoseconds), so that gigabytes are
 * hashed only once.
 * @param cache folder of the remembered hashes
 */
export function hashFileCached(path: string, cache = join(cacheFolder(), "hashes")): string {
  let stamp: { path: string; size: string; mtime: string };
  try {
    const { size, mtimeNs } = statSync(path, { bigint: true });
    stamp = { path: resolve(path), size: String(size), mtime: String(mtimeNs) };
  } catch (error) {
    throw readProblem(path, error);
  }
  const entry = join(cache, `${hashText(stamp.path)}.json`);
  const remembered = recall(entry, stamp);
  if (remembered !== null) return remembered;
  const sha256 = hashFile(path);
  try {
    writeTextAtomically(entry, `${JSON.stringify({ ...stamp, sha256 })}\n`);
  } catch {
    // A cache that cannot be written costs time, not correctness.
  }
  return sha256;
}

function recall(entry: string, stamp: { path: string; size: string; mtime: string }): string | null {
  try {
    const saved = readJson(entry) as Partial<Record<"path" | "size" | "mtime" | "sha256", unknown>> | null;
    const same = saved?.path === stamp.path && saved.size === stamp.size && saved.mtime === stamp.mtime;
    const hash = same ? saved.sha256 : null;
    return typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash) ? hash : null;
  } catch {
    return null;
  }
}
