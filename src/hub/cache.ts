/**
 * One repository in the cache. The layout is that of huggingface_hub, so that each program finds what the other fetched:
 *
 *     models--org--name/
 *       blobs/<etag>                 contents, by sha256 (large files) or git's sha1 (small ones)
 *       refs/<revision>              the commit of a branch or tag when it was fetched
 *       snapshots/<commit>/<file>    links to the blobs
 *       .no_exist/<commit>/<file>    empty: the commit has no such file
 */
import {
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import { makeFolder, readJson, writeProblem, writeTextAtomically } from "../files/disk/io.ts";
import { partialOf } from "../files/disk/partial.ts";

const commitForm = /^[0-9a-f]{40}$/;

export const isCommit = (revision: string): boolean => commitForm.test(revision);

export class CachedRepository {
  readonly repo: string;
  readonly folder: string;
  /** Folder of our locks, beside those of Python. */
  readonly locks: string;
  readonly #symlinks: boolean;

  constructor({ cache, symlinks }: { cache: string; symlinks: boolean }, repo: string) {
    const name = `models--${repo.replace("/", "--")}`;
    this.repo = repo;
    this.folder = join(cache, name);
    this.locks = join(cache, ".locks", name);
    this.#symlinks = symlinks;
  }

  blob(etag: string): string {
    return join(this.folder, "blobs", etag);
  }

  /** The commit of a revision when it was last fetched; null if it never was. */
  commitOf(revision: string): string | null {
    if (isCommit(revision)) return revision;
    const path = join(this.folder, "refs", revision);
    const commit = statSync(path, { throwIfNoEntry: false })?.isFile() === true ? textOf(path) : "";
    return isCommit(commit) ? commit : null;
  }

  /** @throws FathomError if it cannot be written */
  setRef(revision: string, commit: string): void {
    if (revision !== commit && this.commitOf(revision) !== commit)
      writeTextAtomically(join(this.folder, "refs", revision), commit);
  }

  snapshot(commit: string): string {
    return join(this.folder, "snapshots", commit);
  }

  /** Names, in the repository, of the files of a snapshot whose contents are in the cache. */
  files(commit: string): string[] {
    const root = this.snapshot(commit);
    if (!existsSync(root)) return [];
    return readdirSync(root, { recursive: true, encoding: "utf8" })
      .filter((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isFile() === true)
      .map((name) => name.replaceAll(sep, "/"));
  }

  /** Names of all files of a commit, from the listing that snapshot_download writes; null if there is none. */
  listing(commit: string): string[] | null {
    const path = join(this.folder, "trees", `${commit}.json`);
    if (!existsSync(path)) return null;
    try {
      const { files } = readJson(path) as { files?: unknown };
      return typeof files === "object" && files !== null ? Object.keys(files) : null;
    } catch {
      // Python ignores a damaged listing, too. It can be requested from the hub again.
      return null;
    }
  }

  /** Whether the cache knows that the commit has no such file. */
  lacks(commit: string, file: string): boolean {
    return existsSync(join(this.folder, ".no_exist", commit, file));
  }

  markLacking(commit: string, file: string): void {
    try {
      writeTextAtomically(join(this.folder, ".no_exist", commit, file), "");
    } catch {
      // The cache is read-only: the hub is asked again next time.
    }
  }

  /** Puts a blob into a snapshot: by a relative symbolic link, else by a hard link, else by a copy. */
  link(commit: string, file: string, etag: string): void {
    const [blob, pointer] = [this.blob(etag), join(this.snapshot(commit), file)];
    if (existsSync(pointer)) return;
    try {
      makeFolder(dirname(pointer));
      // The pointer may be a link to a blob that no longer exists.
      rmSync(pointer, { force: true });
      if (this.#symlinks && tried(() => symlinkSync(relative(dirname(pointer), blob), pointer))) return;
      if (tried(() => linkSync(blob, pointer))) return;
      const copy = partialOf(pointer);
      copyFileSync(blob, copy, constants.COPYFILE_FICLONE);
      renameSync(copy, pointer);
    } catch (error) {
      // Another process may have created it in the meantime.
      if (!existsSync(pointer)) throw writeProblem(pointer, error);
    }
  }
}

/**
 * The place on the hub of a path in a cache. `path` is null for the whole repository.
 * @returns null if the path is not in a cache
 */
export function placeInCache(path: string): { repo: string; commit: string; path: string | null } | null {
  const parts = resolve(path).split(sep);
  const at = parts.lastIndexOf("snapshots");
  const [folder, commit] = [parts[at - 1], parts[at + 1]];
  const name = /^models--(.+)$/.exec(folder ?? "")?.[1];
  if (name === undefined || commit === undefined || !isCommit(commit)) return null;
  return { repo: name.replace("--", "/"), commit, path: parts.slice(at + 2).join("/") || null };
}

function textOf(path: string): string {
  return readFileSync(path, "utf8").trim();
}

function tried(make: () => void): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}
