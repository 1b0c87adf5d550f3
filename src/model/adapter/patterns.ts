/**
 * Regular expressions from a stranger's file: Python's, as far as JavaScript reads the same, and within a time. A
 * pattern can be made to backtrack for years; the machine that runs it here can be stopped.
 */
import { createContext, Script } from "node:vm";
import { badInput } from "../../core/errors.ts";

/** For all patterns of one question together. Real ones take microseconds. */
const milliseconds = 1000;

export interface Match {
  /** Index of the first pattern that matches. */
  pattern: number;
  /** Its group named "index", when it has one. */
  index: string | null;
}

// "u" refuses escapes that JavaScript would read as plain letters and Python as something else (\A, \Z).
const script = new Script(`(() => {
  const compiled = patterns.map((pattern) => new RegExp(pattern, "u"));
  return JSON.stringify(names.map((name) => {
    for (const [i, one] of compiled.entries()) {
      const found = one.exec(name);
      if (found !== null) return { pattern: i, index: found.groups?.index ?? null };
    }
    return null;
  }));
})()`);

/**
 * For each name the first pattern that it matches; null where there is none.
 * @param where to begin messages with
 * @throws FathomError for a pattern that is none, and when the patterns take longer than a second
 */
export function firstMatches(
  patterns: readonly string[],
  names: readonly string[],
  where: string,
): (Match | null)[] {
  if (patterns.length === 0) return names.map(() => null);
  // Only texts cross, in both directions.
  const context = createContext({ given: JSON.stringify({ patterns, names }) });
  try {
    new Script("({ patterns, names } = JSON.parse(given))").runInContext(context);
    return JSON.parse(script.runInContext(context, { timeout: milliseconds }) as string) as (Match | null)[];
  } catch (error) {
    const message = error instanceof Error || isErrorLike(error) ? String(error.message) : String(error);
    throw badInput(
      where,
      "a regular expression that Python and JavaScript read alike, and that ends within a second",
      message,
      "a list of module names",
    );
  }
}

/** Errors of another context are no instances of this one's Error. */
function isErrorLike(error: unknown): error is { message: unknown } {
  return typeof error === "object" && error !== null && "message" in error;
}
