/** Writes results: to stdout, or to a file that appears whole or not at all. */
import { closeSync, openSync, rmSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { badInput, failure } from "../../core/errors.ts";
import { visible, visibleLine } from "../../core/visible.ts";
import { makeFolder, writeAll, writeProblem, writeTextAtomically } from "../../files/disk/io.ts";
import { clearPartials, partialOf } from "../../files/disk/partial.ts";
import { ReaderGone } from "./failure.ts";
import { writeOut } from "./terminal.ts";

/**
 * Writes to stdout and waits until the text is taken.
 * @throws FathomError if that fails (a full disk), ReaderGone if nobody reads it
 */
export async function print(text: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    writeOut(text, (error) => {
      if (error === null || error === undefined) resolve();
      else if ((error as NodeJS.ErrnoException).code === "EPIPE") reject(new ReaderGone());
      else reject(writeProblem("stdout", error));
    });
  });
}

/** Prints lines. A line may hold a name from a stranger's file; it stays one line. */
export async function printLines(lines: readonly string[]): Promise<void> {
  await print(textOf(lines));
}

/** @param lines as `printLines` takes them */
export const textOf = (lines: readonly string[]): string =>
  lines.map((line) => `${visibleLine(line)}\n`).join("");

export async function printJson(value: unknown): Promise<void> {
  await print(`${JSON.stringify(value, null, 2)}\n`);
}

/** Writes text to stdout, or to the file `out`. The bytes are the same. */
export async function deliver(text: string, out: string | undefined): Promise<void> {
  const shown = visible(text);
  if (out === undefined) await print(shown);
  else if (isDevice(out)) writeToDevice(out, shown);
  else writeTextAtomically(out, shown);
}

/**
 * Checks that a file can be created at `path`, before hours are spent on its content.
 * @throws FathomError when it cannot
 */
export function requireWritable(path: string): void {
  if (isDevice(path)) return;
  const probe = partialOf(path);
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      throw badInput(path, "a file to write", "a directory", "name a file inside it");
    makeFolder(dirname(path));
    clearPartials(dirname(path), (whole) => whole === basename(path));
    closeSync(openSync(probe, "w"));
    rmSync(probe);
  } catch (error) {
    throw writeProblem(path, error);
  }
}

/** As `requireWritable`, for a format that is written out of order or beside its place: `path` may not be a device. */
export function requireRegularFile(path: string): void {
  if (isDevice(path)) throw failure(path, "a regular file", "a device", "another --out");
  requireWritable(path);
}

/** Whether the path is a terminal, a pipe or /dev/null. Fathom writes to it, and never replaces it by a file of that name. */
function isDevice(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

function writeToDevice(path: string, text: string): void {
  let fd: number | null = null;
  try {
    fd = openSync(path, "w");
    writeAll(fd, Buffer.from(text, "utf8"));
  } catch (error) {
    throw writeProblem(path, error);
  } finally {
    if (fd !== null) closeSync(fd);
  }
}
