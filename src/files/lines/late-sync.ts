/**
 * Brings what is written to an open file onto the disk within 200 ms, without a wait for each piece: one sync is at work at a
 * time, and the next covers all that was written meanwhile. Files beside it follow as the disk can take them.
 */
import { fsync, fsyncSync, ftruncateSync } from "node:fs";
import { open } from "node:fs/promises";
import { setImmediate as nextTurn } from "node:timers/promises";
import { promisify } from "node:util";
import { writeProblem } from "../disk/io.ts";

/** Milliseconds after which what was written is on the disk: where the disk is slower, the writer waits for it. */
const latest = 200;

/** Files beside, synced at once: they share the disk's work, and a system allows some hundred open files. */
const together = 16;

const synced = promisify(fsync);

export class LateSync {
  readonly #path: string;
  readonly #fd: number;
  /** Of the open file: where what was written ends, and what is on the disk. */
  #written: number;
  #safe: number;
  /** When the oldest of what is not on the disk was written. */
  #since = 0;
  readonly #beside: string[] = [];
  #atWork: Promise<void> | null = null;
  #failure: Error | null = null;
  #told = false;

  /** @param fd open until `done` @param end of the file, all of it on the disk: what is behind it is cut off when a sync fails */
  constructor(path: string, fd: number, end: number) {
    this.#path = path;
    this.#fd = fd;
    this.#written = end;
    this.#safe = end;
  }

  /**
   * Of the open file up to `end`, and of `files` when there is time.
   * @throws FathomError when the disk was waited for, and failed
   */
  sync(end: number, files: readonly string[]): void {
    const now = performance.now();
    if (this.#safe === this.#written) this.#since = now;
    this.#written = end;
    this.#beside.push(...files);
    if (now - this.#since > latest) this.#atOnce();
    this.#atWork ??= this.#work();
  }

  /** @throws FathomError when a sync has failed: what was written since is not known to be there */
  requireNoFailure(): void {
    if (this.#failure === null) return;
    this.#told = true;
    throw this.#failure;
  }

  /** Waits until all is on the disk. @throws FathomError for a failure that was not told yet */
  async done(): Promise<void> {
    await this.#atWork;
    if (!this.#told) this.requireNoFailure();
  }

  async #work(): Promise<void> {
    try {
      while (this.#failure === null && (this.#safe < this.#written || this.#beside.length > 0)) {
        // What one step of a batch finishes is written before the loop turns.
        await nextTurn();
        const end = this.#written;
        const since = performance.now();
        const file = end > this.#safe ? synced(this.#fd) : null;
        await Promise.all([file, ...this.#beside.splice(0, together).map(syncFile)]);
        this.#safe = Math.max(this.#safe, end);
        this.#since = Math.max(this.#since, since);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#atWork = null;
    }
  }

  #atOnce(): void {
    try {
      fsyncSync(this.#fd);
      this.#safe = this.#written;
    } catch (error) {
      this.#fail(error);
      this.requireNoFailure();
    }
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

async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
