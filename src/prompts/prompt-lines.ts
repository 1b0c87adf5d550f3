/**
 * Reads lines that people wrote, such as prompts: at least one line, a limit on the file's size, and advice for
 * common mistakes.
 */
import { stat } from "node:fs/promises";
import { badInput, FathomError } from "../core/errors.ts";
import { readProblem } from "../files/disk/io.ts";
import { type JsonLine, readJsonLines } from "../files/lines/json-lines.ts";

/** What one line holds, for messages. */
export interface LineKind {
  one: string;
  /** An example of a line. */
  example: string;
}

const prompt: LineKind = { one: "prompt", example: '{"id": "a", "prompt": "…"}' };

/** Larger than any such file, and small enough to be read whole into memory. */
const maxFileBytes = 256 * 2 ** 20;

const advice =
  "one JSON object on each line, in UTF-8, with no list around them; line breaks inside a text are written \\n";

/**
 * @returns the lines that are not blank, in order
 * @throws FathomError that names `file:line` for a line that is not UTF-8 or not JSON; that names the file if it
 *   holds no line, is too large or cannot be read
 */
export async function promptLines(path: string, { one, example } = prompt): Promise<JsonLine[]> {
  const size = await fileSize(path, one);
  if (size > maxFileBytes) {
    throw badInput(
      path,
      `a file of ${one}s of at most ${maxFileBytes} bytes`,
      `${size} bytes`,
      `check that this is a file of ${one}s, or split it`,
    );
  }
  const lines = withAdvice(() => readJsonLines(path));
  if (lines.length === 0) {
    throw badInput(path, `at least one ${one}`, "no line at all", `add lines such as ${example}`);
  }
  return lines;
}

async function fileSize(path: string, one: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw readProblem(path, error, `a file of ${one}s`);
  }
}

function withAdvice<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FathomError) || error.problem.hint !== undefined) throw error;
    throw new FathomError({ ...error.problem, hint: advice }, error.exit, { cause: error });
  }
}
