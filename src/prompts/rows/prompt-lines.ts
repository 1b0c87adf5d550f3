/** Reads lines that people wrote, such as prompts: at least one line, and advice for common mistakes. */
import { badInput, FathomError } from "../../core/errors.ts";
import { type JsonLine, jsonLinesIn } from "../../files/lines/json-lines.ts";
import { readSource, type Source } from "./source.ts";

/** What one line holds, for messages. */
export interface LineKind {
  one: string;
  /** An example of a line. */
  example: string;
}

export const promptKind: LineKind = { one: "prompt", example: '{"id": "a", "prompt": "…"}' };

const advice =
  "one JSON object on each line, in UTF-8, with no list around them; line breaks inside a text are written \\n";

/**
 * @returns the lines that are not blank, in order
 * @throws FathomError that names `file:line` for a line that is not UTF-8 or not JSON; that names the file if it
 *   holds no line, is too large or cannot be read
 */
export async function promptLines(path: string, kind = promptKind): Promise<JsonLine[]> {
  return linesOf(await readSource(path, kind.one), kind);
}

/** The same for a file that is read. */
export function linesOf({ name, bytes }: Source, { one, example }: LineKind): JsonLine[] {
  const lines = withAdvice(() => jsonLinesIn(bytes, name));
  if (lines.length === 0) {
    throw badInput(name, `at least one ${one}`, "no line at all", `add lines such as ${example}`);
  }
  return lines;
}

function withAdvice<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof FathomError) || error.problem.hint !== undefined) throw error;
    throw new FathomError({ ...error.problem, hint: advice }, error.exit, { cause: error });
  }
}
