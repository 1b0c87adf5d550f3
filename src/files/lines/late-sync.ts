/**
 * Syncs an open file to the disk within 200 ms after each write, without waiting for every piece. Only one sync runs
 * at a time; the next one covers everything that was written in the meantime. Other files that belong to the data are
 * synced when the disk has time.
 */
import { fsync, fsyncSync, ftruncateSync } from "node:fs";
import { open } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { promisify } from "node:util";
import { writeProblem } from "../disk/io.ts";

/**
 * Data is on the disk at most this many milliseconds after it was written. If the disk is slower, the writer waits
 * for it.
 */
const latest = 200;

/** From one sync to the next, milliseconds. What is written in between shares the next one. */
const between = 50;

/**
 * How many other files are synced at the same time. They share the disk's work, and a system allows only some hundred
 * open files.
 */
const together = 16;

const synced = promisify(fsync);

export class LateSync {
  readonly #path: string;
  readonly #fd: number;
  /** End of the data written to the open file, in bytes. */
  #written: number;
  /** End of the data that is known to be on the disk, in bytes. */
  #safe: number;
  /** When the oldest data that is not on the disk was written. */
  #since = 0;
  readonly #beside: string[] = [];
  readonly #closing = new AbortController();
  #atWork: Promise<void> | null = null;
  #failure: Error | null = null;
  #told = false;

  /**
   * @param fd must stay open until `done`
   * @param end length of the file, all of it on the disk. If a sync fails, the file is cut back to the length known
   *   to be safe.
   */
  constructor(path: string, fd: number, end: number) {
    this.#path = path;
    this.#fd = fd;
    this.#written = end;
    this.#safe = end;
  }

  /**
   * Starts to sync the open file up to `end`, and `files` when there is time. Does not wait unless the disk is too slow.
   * @throws FathomError if it had to wait for the disk and the sync failed
   */
  sync(end: number, files: readonly string[]): void {
    const now = performance.now();
    if (this.#safe === this.#written) this.#since = now;
    this.#written = end;
    this.#beside.push(...files);
    if (now - this.#since > latest) this.#atOnce();
    this.#atWork ??= this.#work();
  }

  /** @throws FathomError if a sync has failed: then data written since may not be on the disk */
  requireNoFailure(): void {
    if (this.#failure === null) return;
    this.#told = true;
    throw this.#failure;
  }

  /** Waits until everything is on the disk. @throws FathomError for a failure that was not reported yet */
  async done(): Promise<void> {
    this.#closing.abort();
    await this.#atWork;
    if (!this.#told) this.requireNoFailure();
  }

  async #work(): Promise<void> {
    try {
      while (this.#failure === null && (this.#safe < this.#written || this.#beside.length > 0)) {
        await wait(between, null, { signal: this.#closing.signal }).catch(() => undefined);
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
      // Each record has a checksum, so damaged data is noticed.
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
