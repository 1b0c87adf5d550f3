/**
 * Reads and writes files, and turns the file system's errors into one line. A missing input is the user's error (exit
 * 2). A disk that is full or fails is not (exit 1). An output is written under another name beside its place and then
 * renamed, so a file with the final name is always complete.
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

/** Node's error code for a path with a zero byte. */
const noName = "ERR_INVALID_ARG_VALUE";

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
}

/** The error to throw after reading `path` failed. A FathomError is returned unchanged. */
export function readProblem(path: string, error: unknown, expected = "a readable file"): FathomError {
  if (error instanceof FathomError) return error;
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ENOTDIR") return badInput(path, expected, "nothing at this path");
  if (code === "EISDIR") return badInput(path, expected, "a directory");
  if (code === "EACCES" || code === "EPERM") return badInput(path, expected, "no permission to read it");
  if (code === noName) return badInput(path, expected, "a name that no file can have");
  return failure(path, expected, messageOf(error));
}

/** The error to throw after writing `path` failed: exit 1 if the disk is full or fails, exit 2 if the path is wrong. */
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

/** The largest text file that is read. Tokenizers have up to 35 MB; a text of 512 MiB does not fit into a string. */
const mostTextBytes = 2 ** 28;

/**
 * The UTF-8 text of a whole file, without a byte order mark.
 * @param expected what the file should be, e.g. "an audit plan"
 * @throws FathomError if it cannot be read, is too large or is not UTF-8
 */
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

/** The JSON value in a file. @throws FathomError that names the file */
export function readJson(path: string): unknown {
  return parseJson(readText(path), path, "JSON", mayBeCut);
}

/** The JSON value in a file that Python wrote: NaN and Infinity are allowed. @throws FathomError that names the file */
export function readPythonJson(path: string): unknown {
  return parsePythonJson(readText(path), path, "JSON", mayBeCut);
}

const mayBeCut = "fetch the file again; it may be cut short";

/**
 * Creates a folder and its parents if they do not exist. Node's own option `recursive` never returns if a parent
 * exists in which nothing can be created (/proc, as root).
 * @throws the system's error
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process may have created it in the meantime.
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

/** Creates a new folder for temporary files. @throws FathomError if it cannot be created */
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

/** Writes all bytes, at the file's current position or at `at`. If the system writes only a part, it continues. */
export function writeAll(fd: number, bytes: Uint8Array, at: number | null = null): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(fd, bytes, done, bytes.length - done, at === null ? null : at + done);
}

/** When the data is synced to the disk, so that it survives a power cut: at once ("now"), or by the caller ("later"). */
export type Synced = "now" | "later";

/**
 * Runs `write` on a new file beside `path`, syncs the file and renames it to `path`. If anything throws, the partial
 * file is removed and an earlier file at `path` stays unchanged.
 * @throws FathomError if the path cannot be written or the disk is full
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

/** Writes text completely or not at all. @param text whole, or in pieces, which need not be in memory together @throws FathomError */
export function writeTextAtomically(path: string, text: string | Iterable<string>): void {
  writeAtomically(path, (fd) => {
    for (const piece of typeof text === "string" ? [text] : text) writeAll(fd, Buffer.from(piece, "utf8"));
  });
}

function isSystemError(error: unknown): boolean {
  return codeOf(error) !== "" && (error as { syscall?: unknown }).syscall !== undefined;
}

function rmQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The first error is the one to report. A partial file that remains has a name that marks it as unfinished.
  }
}
