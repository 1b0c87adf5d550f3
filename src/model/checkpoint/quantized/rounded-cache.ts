/**
 * Where matrices of 4 or 8 bits are kept between runs: one safetensors file for each checkpoint and precision, beside the
 * user's other caches, with its SHA-256 next to it. A file that is cut short, changed or not there is made again; deleting it
 * is always safe.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../../files/disk/cache-folder.ts";
import { hashFileCached } from "../../../files/disk/hash-file.ts";
import { makeFolder, readText, scratchFolder, writeTextAtomically } from "../../../files/disk/io.ts";

export interface CachedFile {
  path: string;
  /** Deletes what is not to be kept. */
  release: () => void;
}

/**
 * @param key what the file depends on, 64 hex digits
 * @param keep false: make it for this process alone
 * @param make writes the whole file; called when there is none that is sound
 * @throws FathomError when neither the cache nor the folder for temporary files can be written
 */
export function cachedFile(key: string, keep: boolean, make: (path: string) => void): CachedFile {
  const folder = join(cacheFolder(), "quantized");
  const path = join(folder, `${key}.safetensors`);
  const seal = join(folder, `${key}.sha256`);
  const release = () => undefined;
  if (keep) {
    if (isSound(path, seal)) return { path, release };
    try {
      makeFolder(folder);
      rmSync(seal, { force: true });
      make(path);
      writeTextAtomically(seal, `${hashFileCached(path)}\n`);
      return { path, release };
    } catch {
      // A cache that cannot be written costs time, not correctness. If the file itself is wrong, that shows again below.
    }
  }
  const scratch = scratchFolder("fathom-");
  const remove = () => {
    rmSync(scratch, { recursive: true, force: true });
  };
  try {
    const file = join(scratch, `${key}.safetensors`);
    make(file);
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
