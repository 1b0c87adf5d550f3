/**
 * Downloads one file of the hub into the cache's blobs. Received bytes are in `<etag>.incomplete`. After a cut, a
 * stall or a kill the download continues from there with a range request. A file gets a blob's name only after its
 * hash matches the hub's.
 */
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { failure } from "../core/errors.ts";
import { makeFolder, writeProblem } from "../files/disk/io.ts";
import { withLock } from "../files/disk/lock.ts";
import type { CachedRepository } from "./cache.ts";
import { hasHash } from "./hash-blob.ts";
import type { Hub } from "./hub.ts";
import type { HubFile } from "./metadata.ts";
import { persist, Transient } from "./persist.ts";
import type { HubReference } from "./reference.ts";
import { refusal } from "./refused-request.ts";
import { request, transientOf, watchdog } from "./request.ts";

/** How often the whole file is fetched if its hash is wrong. */
const wholeAttempts = 2;

/**
 * @param onBytes called with the number of bytes that are there whenever it changes; it falls if the download restarts
 * @throws FathomError if the hub refuses, the disk is full, or there were too many failures
 */
export async function download(
  hub: Hub,
  cached: CachedRepository,
  reference: HubReference,
  file: HubFile,
  onBytes: (there: number) => void,
): Promise<void> {
  const blob = cached.blob(file.etag);
  const lock = join(cached.locks, `${file.etag}.fathom.lock`);
  const { heartbeat } = hub.patience;
  const waits = () => hub.watcher.waiting?.(`another process is fetching ${file.name}`, heartbeat);
  if (isWhole(blob, file.size)) return;
  await withLock(lock, heartbeat, waits, async () => {
    await untilQuiet(incompleteOf(blob), 2 * heartbeat, waits);
    for (let whole = 1; !isWhole(blob, file.size); whole++) {
      await fetchIncomplete(hub, reference, file, incompleteOf(blob), onBytes);
      hub.watcher.checking?.(file.name);
      if (await hasHash(incompleteOf(blob), file.etag)) renameSync(incompleteOf(blob), blob);
      else {
        rmSync(incompleteOf(blob), { force: true });
        if (whole === wholeAttempts)
          throw failure(
            `${reference.repo} ${file.name}`,
            `bytes of hash ${file.etag}`,
            `others, ${wholeAttempts} times`,
            "another network: something on the way may change the data",
          );
      }
    }
  });
  onBytes(file.size);
}

export const incompleteOf = (blob: string): string => `${blob}.incomplete`;

/** Whether a blob has the length that the hub states. If not, it was damaged after it was made. */
export function isWhole(blob: string, size: number): boolean {
  return existsSync(blob) && statSync(blob).size === size;
}

/**
 * Waits until a file has not changed for a while. Older versions of huggingface_hub write to a file of the same name,
 * under a lock that Node cannot see.
 */
async function untilQuiet(path: string, quiet: number, waits: () => void): Promise<void> {
  const changed = () => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? -Infinity;
  while (Math.abs(Date.now() - changed()) < quiet) {
    waits();
    await pause(quiet / 8);
  }
}

async function fetchIncomplete(
  hub: Hub,
  reference: HubReference,
  file: HubFile,
  path: string,
  onBytes: (there: number) => void,
): Promise<void> {
  let handle: FileHandle | null = null;
  try {
    makeFolder(dirname(path));
    handle = await open(path, existsSync(path) ? "r+" : "w+");
    let there = (await handle.stat()).size;
    if (there > file.size) await handle.truncate((there = 0));
    onBytes(there);
    const out = handle;
    // After a restart, bytes that arrive again do not count as progress.
    let most = there;
    await persist(hub, `${reference.repo} ${file.name}`, async (brought) => {
      if (there === file.size) return;
      const body = await openBody(hub, reference, file, there);
      if (!body.resumes) await out.truncate((there = 0));
      for await (const chunk of body.chunks) {
        if (there + chunk.length > file.size) {
          await out.truncate((there = 0));
          throw new Transient(`${body.host} sends more than the ${file.size} bytes of the file`);
        }
        await writeWhole(out, chunk, there);
        onBytes((there += chunk.length));
        if (there <= most) continue;
        most = there;
        brought();
      }
      if (there < file.size) throw new Transient(`${body.host} ended at ${there} of ${file.size} bytes`);
    });
    await handle.sync();
  } catch (error) {
    throw (error as { syscall?: unknown }).syscall === undefined ? error : writeProblem(path, error);
  } finally {
    await handle?.close();
  }
}

interface Body {
  host: string;
  /** True if it begins at the requested byte; false if it begins at the file's first byte. */
  resumes: boolean;
  chunks: AsyncIterable<Uint8Array>;
}

async function openBody(hub: Hub, reference: HubReference, file: HubFile, from: number): Promise<Body> {
  const guard = watchdog(hub);
  const options = { method: "GET", signal: guard.signal, leaveHub: true } as const;
  try {
    const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
    const response = await request(hub, file.url, { ...options, headers });
    const host = new URL(response.url).host;
    const ranged = response.status === 206;
    if (!response.ok) throw refusalOf(hub, reference, file, response);
    if (response.body === null) throw new Transient(`${host} answers without a body`);
    if (ranged && !(response.headers.get("content-range") ?? "").startsWith(`bytes ${from}-`))
      throw new Transient(`${host} answers with another range than was asked for`);
    return { host, resumes: ranged || from === 0, chunks: chunksOf(response.body, host, guard) };
  } catch (error) {
    guard.end();
    throw error;
  }
}

/**
 * The error for a refusal. One by a storage host is transient: its addresses expire, and the next attempt gets a new
 * one.
 */
function refusalOf(hub: Hub, reference: HubReference, file: HubFile, response: Response): Error {
  const { host, origin } = new URL(response.url);
  return origin === new URL(hub.endpoint).origin || response.status === 429
    ? refusal(hub, reference, file.name, response)
    : new Transient(`${host}: HTTP ${response.status}`);
}

async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  host: string,
  guard: ReturnType<typeof watchdog>,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      guard.feed();
      yield chunk;
    }
  } catch (error) {
    throw transientOf(error, host);
  } finally {
    guard.end();
  }
}

async function writeWhole(out: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; )
    done += (await out.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
}
