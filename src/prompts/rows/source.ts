/** The bytes of a file that people wrote, read once: a path may name a pipe. Also standard input. */
import { readFile, stat } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { badInput } from "../../core/errors.ts";
import { readProblem } from "../../files/disk/io.ts";
import { requireUtf8 } from "../../files/lines/utf8.ts";

export interface Source {
  /** What errors call it. */
  name: string;
  /** UTF-8. */
  bytes: Uint8Array;
}

/** Larger than any such file, and small enough to be read whole into memory. */
const maxFileBytes = 256 * 2 ** 20;

/**
 * @param one what one line of the file holds, for messages
 * @throws FathomError that names the file if it cannot be read or is too large, and `file:line` for a line that is not UTF-8
 */
export async function readSource(path: string, one: string): Promise<Source> {
  try {
    requireSize((await stat(path)).size, path, one);
    const bytes = await readFile(path);
    requireSize(bytes.length, path, one);
    requireUtf8(bytes, path);
    return { name: path, bytes };
  } catch (error) {
    throw readProblem(path, error, `a file of ${one}s`);
  }
}

/** How a command names standard input in place of a file. */
export const standardInput = "-";

const standardInputName = "standard input";

let arrived: Promise<Uint8Array> | null = null;

/** Everything that arrives on standard input; nothing at a terminal. It arrives once, so it is kept. */
export async function standardInputBytes(): Promise<Uint8Array> {
  arrived ??= process.stdin.isTTY ? Promise.resolve(new Uint8Array()) : buffer(process.stdin);
  return await arrived;
}

/** @throws FathomError if nothing arrives, or too much, and for a line that is not UTF-8 */
export async function readStandardInput(one: string): Promise<Source> {
  const bytes = await standardInputBytes();
  if (bytes.length === 0)
    throw badInput(
      standardInputName,
      `${one}s`,
      "nothing",
      "redirect a file to it (< FILE), or give the file's path",
    );
  requireSize(bytes.length, standardInputName, one);
  requireUtf8(bytes, standardInputName);
  return { name: standardInputName, bytes };
}

function requireSize(size: number, name: string, one: string): void {
  if (size <= maxFileBytes) return;
  throw badInput(
    name,
    `a file of ${one}s of at most ${maxFileBytes} bytes`,
    `${size} bytes`,
    `check that this is a file of ${one}s, or split it`,
  );
}
