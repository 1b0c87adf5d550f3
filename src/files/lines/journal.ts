/**
 * A run's memory: one JSON record a line, each with the checksum of its text. A record is in the file before `append`
 * returns, so a kill of the process can only cut the last line short; opening again drops that piece. It is on the disk
 * itself a moment later: one sync covers all that was written while the one before was at work, so a power cut loses the
 * last moment, and many short records do not wait for the disk one by one. Damage anywhere else did not come from a kill
 * and is an error.
 */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { badInput } from "../../core/errors.ts";
import { makeFolder, readProblem, writeAll, writeProblem } from "../disk/io.ts";
import { LateSync } from "./late-sync.ts";
import { byteLines } from "./lines.ts";
import { sealed, unsealed } from "./sealed-line.ts";

export interface Journal<T> {
  readonly path: string;
  /** What was in the file when it was opened, in order. */
  readonly records: readonly T[];
  /** True when opening cut off an incomplete last line. */
  readonly repaired: boolean;
  /**
   * Writes one record; on failure the file is as it was before.
   * @param files written before, not synced yet, that the record speaks of: they are synced soon after it, and before `close` ends
   * @throws FathomError, also for what was appended before and could not be synced
   */
  append(record: object, files?: readonly string[]): void;
  /** Waits until all is on the disk. @throws FathomError when it is not, unless `append` has said so */
  close(): Promise<void>;
}

/** Checks one record; it throws when the record is not what the journal holds. */
type Parse<T> = (value: unknown, where: string) => T;

/**
 * Opens a journal, creating it where there is none.
 * @throws FathomError with file and line for damage, or when the file cannot be written
 */
export function openJournal<T>(path: string, parse: Parse<T>): Journal<T> {
  let fd: number;
  try {
    makeFolder(dirname(path));
    // "a+" would append wherever the file ends, also after a failed write that was cut back; positions are ours.
    fd = openSync(path, "a");
    closeSync(fd);
    fd = openSync(path, "r+");
  } catch (error) {
    throw writeProblem(path, error);
  }
  try {
    const { records, end } = replay(fd, path, parse);
    const repaired = fstatSync(fd).size > end;
    if (repaired) cutBack(fd, path, end);
    return new OpenJournal(path, fd, records, end, repaired);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The records of a journal that nobody writes any more; the file is left as it is. @throws FathomError for any damage */
export function readJournal<T>(path: string, parse: Parse<T>): T[] {
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    const { records, end } = replay(fd, path, parse);
    if (fstatSync(fd).size > end) throw cutShort(`${path}:${records.length + 1}`);
    return records;
  } catch (error) {
    throw readProblem(path, error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

/** Whether a journal holds a whole record; false where there is none. */
export function hasRecords(path: string): boolean {
  let fd: number | null = null;
  try {
    fd = openSync(path, "r");
    if (!fstatSync(fd).isFile()) return false;
    for (const { complete } of byteLines(fd)) return complete;
    return false;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw readProblem(path, error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function replay<T>(fd: number, path: string, parse: Parse<T>) {
  const records: T[] = [];
  let end = 0;
  // A device has no size and may never end; only a regular file has a past to read.
  if (!fstatSync(fd).isFile()) return { records, end };
  for (const { number, offset, bytes, complete } of byteLines(fd)) {
    if (!complete) break;
    const where = `${path}:${number}`;
    records.push(parse(unsealed(bytes, where), where));
    end = offset + bytes.length + 1;
  }
  return { records, end };
}

function cutShort(where: string) {
  return badInput(
    where,
    "a whole line",
    "a piece of one",
    "fathom audit … --resume writes that answer again",
  );
}

function cutBack(fd: number, path: string, end: number): void {
  try {
    ftruncateSync(fd, end);
    fsyncSync(fd);
  } catch (error) {
    throw writeProblem(path, error);
  }
}

class OpenJournal<T> implements Journal<T> {
  readonly path: string;
  readonly records: readonly T[];
  readonly repaired: boolean;
  readonly #fd: number;
  readonly #late: LateSync;
  #end: number;

  constructor(path: string, fd: number, records: readonly T[], end: number, repaired: boolean) {
    this.path = path;
    this.#fd = fd;
    this.records = records;
    this.#end = end;
    this.repaired = repaired;
    this.#late = new LateSync(path, fd, end);
  }

  append(record: object, files: readonly string[] = []): void {
    this.#late.requireNoFailure();
    const bytes = Buffer.from(sealed(record), "utf8");
    try {
      writeAll(this.#fd, bytes, this.#end);
    } catch (error) {
      this.#forgetPartialLine();
      throw writeProblem(this.path, error);
    }
    this.#end += bytes.length;
    this.#late.sync(this.#end, files);
  }

  async close(): Promise<void> {
    try {
      await this.#late.done();
    } finally {
      closeSync(this.#fd);
    }
  }

  #forgetPartialLine(): void {
    try {
      ftruncateSync(this.#fd, this.#end);
    } catch {
      // Opening again cuts it off; the write's own error is the one to report.
    }
  }
}
