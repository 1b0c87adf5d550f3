/**
 * Gives the chosen files of a repository as a path on this machine. The cache is checked first. If it holds all of
 * them, nothing is fetched again: a branch stays at the commit at which it was fetched. Otherwise the missing files
 * are fetched.
 */
import { join } from "node:path";
import { badInput, FathomError } from "../core/errors.ts";
import { CachedRepository } from "./cache.ts";
import type { Choose } from "./chosen.ts";
import { fetchFiles } from "./fetch-files.ts";
import type { Hub } from "./hub.ts";
import { type Listing, listRepository } from "./listing.ts";
import { type HubReference, sayReference } from "./reference.ts";
import { shardsOf } from "./shards.ts";

/**
 * @param choose chooses the files, e.g. chooseCheckpoint
 * @returns a file or a folder inside a snapshot of the cache
 * @throws FathomError that says what to do: not found, gated, offline, no suitable files, no room on the disk, no
 *   answer of the hub
 */
export async function fetchSnapshot(hub: Hub, reference: HubReference, choose: Choose): Promise<string> {
  const cached = new CachedRepository(hub, reference.repo);
  const commit = cached.commitOf(reference.revision);
  const found = commit === null ? null : findWhole(cached, reference, commit, choose);
  if (commit !== null && found !== null)
    return found.sure || hub.offline
      ? found.path
      : await complete(hub, cached, reference, commit, choose, found.path);
  if (!hub.offline)
    return await fetchMissing(hub, cached, reference, choose, await listRepository(hub, reference));
  throw badInput(
    sayReference(reference),
    `something at this path, or all of it in the Hugging Face cache (${hub.cache})`,
    commit === null || cached.files(commit).length === 0 ? "neither" : "only a part of it",
    "without HF_HUB_OFFLINE it can be fetched",
  );
}

/**
 * Asks the hub whether the cached files are all there are. Another program may have fetched only what it needed of a
 * commit: optional files may be missing, and a file that looks like the only one may be one of several. If the hub
 * does not answer, the cached files are used.
 */
async function complete(
  hub: Hub,
  cached: CachedRepository,
  reference: HubReference,
  commit: string,
  choose: Choose,
  path: string,
): Promise<string> {
  const once = { ...hub, patience: { ...hub.patience, attempts: 1 } };
  const at = { ...reference, revision: commit };
  let listing: Listing;
  try {
    listing = await listRepository(once, at);
  } catch (error) {
    if (!(error instanceof FathomError)) throw error;
    hub.watcher.note?.(
      `${sayReference(reference)} is used as the cache holds it; whether that is all could not be asked of ${hub.endpoint}`,
    );
    return path;
  }
  return await fetchMissing(hub, cached, at, choose, listing);
}

async function fetchMissing(
  hub: Hub,
  cached: CachedRepository,
  reference: HubReference,
  choose: Choose,
  { commit, files }: Listing,
): Promise<string> {
  const chosen = choose(reference, files);
  if (chosen instanceof FathomError) throw chosen;
  const listed = new Set(files);
  const at = { ...reference, revision: commit };
  const names = [...chosen.required, ...chosen.optional.filter((name) => listed.has(name))];
  if (chosen.index !== null) {
    // The index is fetched first, because the total size is known only after it names the shards.
    await fetchFiles(hub, cached, at, [chosen.index]);
    names.push(...shardsOf(join(cached.snapshot(commit), chosen.index), chosen.index));
  }
  await fetchFiles(hub, cached, at, names);
  for (const name of chosen.optional) if (!listed.has(name)) cached.markLacking(commit, name);
  // The ref is written last, so that a revision never points to an incomplete snapshot.
  cached.setRef(reference.revision, commit);
  return join(cached.snapshot(commit), chosen.path);
}

/**
 * The choice among the files of a snapshot, if the snapshot holds all chosen files; else null.
 * @returns `sure`: whether the choice among all files of the repository would be the same
 */
function findWhole(
  cached: CachedRepository,
  reference: HubReference,
  commit: string,
  choose: Choose,
): { path: string; sure: boolean } | null {
  const there = cached.files(commit);
  const listed = cached.listing(commit);
  const chosen = choose(reference, listed ?? there);
  if (chosen instanceof FathomError) return null;
  const { path, required, optional, only, index } = chosen;
  const has = (name: string) => there.includes(name);
  if (!required.every(has)) return null;
  const root = cached.snapshot(commit);
  if (index !== null && !shardsOf(join(root, index), index).every(has)) return null;
  const isAbsent = (name: string) => (listed === null ? cached.lacks(commit, name) : !listed.includes(name));
  const sure = (listed !== null || !only) && optional.every((name) => has(name) || isAbsent(name));
  return { path: join(root, path), sure };
}
