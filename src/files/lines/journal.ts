/**
 * The journal of a run: one JSON record per line, each with the checksum of its text. A record is in the file before
 * `append` returns. So a killed process can only leave the last line incomplete; opening the journal again removes
 * that piece. The record reaches the disk itself shortly after. One sync covers everything that was written while the
 * previous sync ran, so many short records do not wait for the disk one by one, and a power cut loses only the last
 * moment. Damage at any other place does not come from a kill and is an error.
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
  /** The records that were in the file when it was opened, in order. */
  readonly records: readonly T[];
  /** True if opening removed an incomplete last line. */
  readonly repaired: boolean;
  /**
   * Writes one record. If that fails, the file is as it was before.
   * @param files files that the record refers to, already written but not synced; they are synced soon after, and
   *   before `close` ends
   * @throws FathomError if writing fails, or if an earlier record could not be synced
   */
  append(record: object, files?: readonly string[]): void;
  /** Writes several records at once: all of them or, if that fails, none. @throws FathomError as `append` */
  appendAll(records: readonly object[]): void;
  /** Waits until everything is on the disk. @throws FathomError if that fails and `append` has not reported it yet */
  close(): Promise<void>;
}

/** Checks and converts one record; throws if it is not a record of this journal. */
type Parse<T> = (value: unknown, where: string) => T;

/**
 * Opens a journal; creates it if there is none.
 * @throws FathomError with file and line for damage, or if the file cannot be written
 */
export function openJournal<T>(path: string, parse: Parse<T>): Journal<T> {
  let fd: number;
  try {
    makeFolder(dirname(path));
    // "a" only creates the file. "a+" would always write at the file's end, but this class chooses the position itself.
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

/** Reads the records of a journal that is no longer written; the file is not changed. @throws FathomError for any damage */
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

/** Whether a journal exists and holds at least one complete record. */
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
  // A device has no size and may never end, so only a regular file is read.
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
    this.#write(sealed(record), files);
  }

  appendAll(records: readonly object[]): void {
    this.#write(records.map(sealed).join(""), []);
  }

  #write(lines: string, files: readonly string[]): void {
    this.#late.requireNoFailure();
    const bytes = Buffer.from(lines, "utf8");
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
      // Opening the journal again removes the piece. The error of the write is the one to report.
    }
  }
}
