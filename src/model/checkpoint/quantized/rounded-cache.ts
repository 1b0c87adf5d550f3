/**
 * The cache of matrices of 4 or 8 bits between runs: one safetensors file per checkpoint and precision, in the user's
 * cache folder, with its SHA-256 beside it. A file that is cut short, changed or missing is made again. Deleting a file
 * is always safe.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../../files/disk/cache-folder.ts";
import { hashFileCached } from "../../../files/disk/hash-file.ts";
import { makeFolder, readText, scratchFolder, writeTextAtomically } from "../../../files/disk/io.ts";

export interface CachedFile {
  path: string;
  /** Deletes the file if it is not kept in the cache. */
  release: () => void;
}

/**
 * @param key hash of everything that the file depends on, 64 hex digits
 * @param keep false makes the file for this process alone
 * @param make writes the whole file; called when the cache has no sound file
 * @throws FathomError when neither the cache nor the folder for temporary files can be written
 */
export async function cachedFile(
  key: string,
  keep: boolean,
  make: (path: string) => Promise<void>,
): Promise<CachedFile> {
  const folder = join(cacheFolder(), "quantized");
  const path = join(folder, `${key}.safetensors`);
  const seal = join(folder, `${key}.sha256`);
  const release = () => undefined;
  if (keep) {
    if (isSound(path, seal)) return { path, release };
    try {
      makeFolder(folder);
      rmSync(seal, { force: true });
      await make(path);
      writeTextAtomically(seal, `${hashFileCached(path)}\n`);
      return { path, release };
    } catch {
      // A cache that cannot be written costs time, not correctness. Other errors of `make` occur again below.
    }
  }
  const scratch = scratchFolder("fathom-");
  const remove = () => {
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    const file = join(scratch, `${key}.safetensors`);
    await make(file);
    return { path: file, release: remove };
  } catch (error) {
    remove();
    throw error;
  }
}

function isSound(path: string, seal: string): boolean {
  try {
    return hashFileCached(path) === readText(seal).trim();
  } catch {
    return false;
  }
}
