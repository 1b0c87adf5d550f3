/**
 * Syncs what is written to an open file, and to files beside it, soon and together: a sync begins at the next turn of the
 * event loop, and the next one when it has ended, for all that was written meanwhile. Where the disk cannot keep up, the
 * writer waits for it.
 */
import { closeSync, fsync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import { open } from "node:fs/promises";
import { promisify } from "node:util";
import { writeProblem } from "./io.ts";

/** Milliseconds after which what was written is on the disk. */
const latest = 200;

/** Files synced at once: their syncs share the disk's work, and a system allows some hundred open files. */
const together = 16;

const synced = promisify(fsync);

interface Batch {
  /** When the oldest of it was written. */
  since: number;
  files: string[];
  /** Where the open file ends with it. */
  end: number;
}

export class LateSync {
  readonly #path: string;
  readonly #fd: number;
  /** Written since the sync that is at work began. */
  #next: Batch | null = null;
  #atWork: Batch | null = null;
  #ended: Promise<void> = Promise.resolve();
  #safe: number;
  #failure: Error | null = null;
  #told = false;

  /** @param fd open until `done` @param end of what is on the disk: what is behind it is cut off when a sync fails */
  constructor(path: string, fd: number, end: number) {
    this.#path = path;
    this.#fd = fd;
    this.#safe = end;
  }

  /**
   * Of the open file up to `end`, and of `files`.
   * @throws FathomError when the disk could not keep up, was waited for, and failed
   */
  sync(end: number, files: readonly string[]): void {
    this.#next ??= { since: performance.now(), files: [], end };
    this.#next.files.push(...files);
    this.#next.end = end;
    const oldest = this.#atWork ?? this.#next;
    if (performance.now() - oldest.since > latest) this.#atOnce();
    else if (this.#atWork === null) this.#begin();
  }

  /** @throws FathomError when a sync has failed: what was written since is not known to be there */
  requireNoFailure(): void {
    if (this.#failure === null) return;
    this.#told = true;
    throw this.#failure;
  }

  /** Waits for the last sync. @throws FathomError for a failure that was not told yet */
  async done(): Promise<void> {
    while (this.#atWork !== null) await this.#ended;
    if (!this.#told) this.requireNoFailure();
  }

  #begin(): void {
    this.#atWork = this.#next!;
    this.#next = null;
    this.#ended = new Promise((resolve) => {
      // What the same step of a batch finishes is written before the loop turns.
      setImmediate(() => {
        void this.#run(this.#withNext(this.#atWork!)).then(resolve);
      });
    });
  }

  async #run({ files, end }: Batch): Promise<void> {
    try {
      for (let at = 0; at < files.length; at += together)
        await Promise.all(files.slice(at, at + together).map(syncFile));
      await synced(this.#fd);
      this.#safe = Math.max(this.#safe, end);
    } catch (error) {
      this.#fail(error);
    }
    this.#atWork = null;
    if (this.#next !== null && this.#failure === null) this.#begin();
  }

  #atOnce(): void {
    const { files, end } = this.#withNext(this.#atWork ?? this.#next!);
    try {
      for (const file of files) syncFileNow(file);
      fsyncSync(this.#fd);
      this.#safe = end;
    } catch (error) {
      this.#fail(error);
    }
    this.requireNoFailure();
    if (this.#atWork !== null) this.#atWork.since = performance.now();
  }

  /** A batch and what was written since it began, of which nothing is left then. */
  #withNext(batch: Batch): Batch {
    const next = this.#next;
    this.#next = null;
    if (next === null || next === batch) return batch;
    batch.files.push(...next.files);
    batch.end = next.end;
    return batch;
  }

  #fail(error: unknown): void {
    this.#failure ??= writeProblem(this.#path, error);
    try {
      ftruncateSync(this.#fd, this.#safe);
    } catch {
      // Each record has its checksum: what is not as it was written is noticed.
    }
  }
}

function syncFileNow(path: string): void {
  const fd = openSync(path, "r+");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
