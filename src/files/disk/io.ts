/**
 * The file system's errors, said in one line. Reading what is not there is the user's input (exit 2); a disk that
 * is full or fails is the world (exit 1). Outputs are written beside their place and renamed, so that nothing
 * half-written ever carries the finished name.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { badInput, FathomError, failure } from "../../core/errors.ts";
import { parseJson, parsePythonJson } from "./json.ts";
import { partialOf } from "./partial.ts";

const full = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const forbidden = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOTDIR",
  "EISDIR",
  "ENAMETOOLONG",
  "ENOENT",
  "EEXIST",
]);

/** Node's word for a zero byte in a path. */
const noName = "ERR_INVALID_ARG_VALUE";

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** What to throw when reading `path` failed. Errors that are already ours pass through. */
export function readProblem(path: string, error: unknown, expected = "a readable file"): FathomError {
  if (error instanceof FathomError) return error;
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") return badInput(path, expected, "nothing at this path");
  if (code === "EISDIR") return badInput(path, expected, "a directory");
  if (code === "EACCES" || code === "EPERM") return badInput(path, expected, "no permission to read it");
  if (code === noName) return badInput(path, expected, "a name that no file can have");
  return failure(path, expected, messageOf(error));
}

/** What to throw when writing `path` failed: exit 1 when the disk is full or fails, 2 when the place is wrong. */
export function writeProblem(path: string, error: unknown): FathomError {
  if (error instanceof FathomError) return error;
  const code = codeOf(error);
  if (full.has(code))
    return failure(
      path,
      "room on the disk",
      `none left (${code})`,
      "free some space, then run the same command again",
    );
  if (code === noName) return badInput(path, "a name that a file can have", "one with a zero byte");
  if (forbidden.has(code)) return badInput(path, "a place that can be written", code, "another output path");
  return failure(path, "to write the file", messageOf(error));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The largest text that is read whole. Tokenizers have up to 35 MB; a text of 512 MiB is more than a string can hold. */
const mostTextBytes = 2 ** 28;

/** UTF-8 text of a whole file; a byte order mark is dropped. @param expected e.g. "an audit plan" @throws FathomError */
export function readText(path: string, expected?: string): string {
  try {
    const { size } = statSync(path);
    if (size > mostTextBytes)
      throw badInput(path, `a text of at most ${mostTextBytes} bytes`, `${size} bytes`);
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (codeOf(error) === "ERR_ENCODING_INVALID_ENCODED_DATA")
      throw badInput(path, "UTF-8 text", "bytes that are not UTF-8");
    throw readProblem(path, error, expected);
  }
}

/** The JSON value in a file. @throws FathomError naming the file */
export function readJson(path: string): unknown {
  return parseJson(readText(path), path, "JSON", mayBeCut);
}

/** The same of a file that Python's json reads, NaN and Infinity among its numbers. @throws FathomError naming the file */
export function readPythonJson(path: string): unknown {
  return parsePythonJson(readText(path), path, "JSON", mayBeCut);
}

const mayBeCut = "fetch the file again; it may be cut short";

/**
 * A folder with those above it, where they are not there yet. Node's own `recursive` never returns where a folder exists
 * that nothing can be made in (/proc, as root).
 * @throws the system's error
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have been quicker.
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/** A new folder for files of a moment. @throws FathomError when there is no place for any */
export function scratchFolder(prefix: string): string {
  try {
    return mkdtempSync(join(tmpdir(), prefix));
  } catch (error) {
    if (full.has(codeOf(error))) throw writeProblem(tmpdir(), error);
    throw badInput(
      tmpdir(),
      "a folder for temporary files",
      codeOf(error) === "ENOENT" ? "nothing at this path" : `one that cannot be written (${codeOf(error)})`,
      `another folder in ${process.platform === "win32" ? "TEMP" : "TMPDIR"}`,
    );
  }
}

/** Writes all of `bytes`, at the file's position or the one given; a short write is continued. */
export function writeAll(fd: number, bytes: Uint8Array, at: number | null = null): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, at === null ? null : at + done);
}

/** When what was written is on the disk itself, where a power cut leaves it: at once, or when the caller sees to it. */
export type Synced = "now" | "later";

/**
 * Runs `write` on a new file beside `path`, syncs it and renames it into place. When anything throws, the partial
 * file is removed and whatever was at `path` before is still there.
 * @throws FathomError when the place cannot be written or the disk is full
 */
export function writeAtomically(path: string, write: (fd: number) => void, synced: Synced = "now"): void {
  const partial = partialOf(path);
  let fd: number | null = null;
  try {
    makeFolder(dirname(path));
    fd = openSync(partial, "w");
    write(fd);
    if (synced === "now") fsyncSync(fd);
    closeSync(fd);
    fd = null;
    renameSync(partial, path);
  } catch (error) {
    if (fd !== null) closeSync(fd);
    rmQuietly(partial);
    throw isSystemError(error) ? writeProblem(path, error) : error;
  }
}

/** Text, whole or not at all. @throws FathomError */
export function writeTextAtomically(path: string, text: string): void {
  writeAtomically(path, (fd) => {
    writeAll(fd, Buffer.from(text, "utf8"));
  });
}

function isSystemError(error: unknown): boolean {
  return codeOf(error) !== "" && (error as { syscall?: unknown }).syscall !== undefined;
}

function rmQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The first error is the one to report; a partial file that stays has a name nobody takes for finished.
  }
}
