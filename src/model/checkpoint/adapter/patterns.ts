/**
 * Regular expressions from a stranger's file: Python's, as far as JavaScript reads the same, and within a time.
 */
import { badInput } from "../../../core/errors.ts";
import { within } from "../../../files/disk/time-limit.ts";

/** For all patterns of one question together. Real ones take microseconds. */
const milliseconds = 1000;

export interface Match {
  /** Index of the first pattern that matches. */
  pattern: number;
  /** Its group named "index", when it has one. */
  index: string | null;
}

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
  try {
    return within(milliseconds, () => {
      // "u" refuses escapes that JavaScript would read as plain letters and Python as something else (\A, \Z).
      const compiled = patterns.map((pattern) => new RegExp(pattern, "u"));
      return names.map((name) => {
        for (const [pattern, one] of compiled.entries()) {
          const found = one.exec(name);
          if (found !== null) return { pattern, index: found.groups?.["index"] ?? null };
        }
        return null;
      });
    });
  } catch (error) {
    throw badInput(
      where,
      "a regular expression that Python and JavaScript read alike, and that ends within a second",
      (error as Error).message,
      "a list of module names",
    );
  }
}
