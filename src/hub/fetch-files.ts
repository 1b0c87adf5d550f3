/**
 * Fetches files of one commit into the cache. It first asks for all sizes, so that the total is known, then fetches
 * file by file.
 */
import { existsSync, statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { failure } from "../core/errors.ts";
import type { CachedRepository } from "./cache.ts";
import { download, incompleteOf, isWhole } from "./download.ts";
import type { Hub } from "./hub.ts";
import { type HubFile, metadataOf } from "./metadata.ts";
import type { HubReference } from "./reference.ts";

/**
 * @param reference its revision must be the commit
 * @param names files to fetch; those that the snapshot already holds are skipped
 * @throws FathomError as `download`, and if there is not enough room on the disk
 */
export async function fetchFiles(
  hub: Hub,
  cached: CachedRepository,
  reference: HubReference,
  names: readonly string[],
): Promise<void> {
  const { repo, revision: commit } = reference;
  const there = new Set(cached.files(commit));
  const files: HubFile[] = [];
  for (const name of names.filter((name) => !there.has(name)))
    files.push(await metadataOf(hub, reference, name));
  const begun = files.map((file) => bytesThere(cached.blob(file.etag), file.size));
  const [total, resumed] = [sum(files.map(({ size }) => size)), sum(begun)];
  requireRoom(cached.folder, total - resumed);
  const now = [...begun];
  for (const [i, file] of files.entries()) {
    await download(hub, cached, reference, file, (bytes) => {
      now[i] = bytes;
      hub.watcher.fetching?.(repo, { done: sum(now), total, resumed });
    });
    cached.link(commit, file.name, file.etag);
  }
}

function bytesThere(blob: string, size: number): number {
  if (isWhole(blob, size)) return size;
  const incomplete = statSync(incompleteOf(blob), { throwIfNoEntry: false })?.size ?? 0;
  return incomplete > size ? 0 : incomplete;
}

/**
 * @throws FathomError if the disk has too little room. It is checked first, so that hours of fetching do not end at a
 *   full disk.
 */
function requireRoom(folder: string, bytes: number): void {
  const existing = nearest(folder);
  const { bavail, bsize } = statfsSync(existing);
  if (bavail * bsize >= bytes) return;
  throw failure(
    folder,
    `room for ${bytes} bytes`,
    `${bavail * bsize}`,
    "free some space, or set HF_HUB_CACHE to a folder on another disk",
  );
}

function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
