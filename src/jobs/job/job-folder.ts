/** Takes a job's directory: only one process at a time, and after half-written files of a killed process are removed. */
import { holdAlone } from "../../files/disk/lock.ts";
import { clearPartials } from "../../files/disk/partial.ts";

export interface JobFolder {
  path: string;
  /** @throws FathomError, before anything is written, for a directory that is not this job's */
  requireOurs: () => void;
  /** Folders that may hold half-written files, and whether a file of this name is the job's there. */
  partials: readonly (readonly [folder: string, isOurs: (name: string) => boolean])[];
}

/**
 * Locks the directory against other processes, and begins in it or goes on.
 * @param begin writes the manifest, or compares it with the one that is there
 * @returns a function that releases the lock
 * @throws FathomError for a directory that is not this job's, while another process is at work on it, and what `begin` throws
 */
export function takeFolder({ path, requireOurs, partials }: JobFolder, begin: () => void): () => void {
  requireOurs();
  const release = holdAlone(path);
  try {
    for (const [folder, isOurs] of partials) clearPartials(folder, isOurs);
    // Another process may have worked here between the first check and the lock.
    requireOurs();
    begin();
    return release;
  } catch (error) {
    release();
    throw error;
  }
}
