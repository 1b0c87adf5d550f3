/**
 * Regular expressions from an untrusted file. They are Python's; Fathom accepts those that JavaScript reads the same way,
 * and limits the time that they may take.
 */
import { badInput } from "../../../core/errors.ts";
import { within } from "../../../files/disk/time-limit.ts";

/** The limit for all patterns of one call together. Real ones take microseconds. */
const milliseconds = 1000;

export interface Match {
  /** Index of the first pattern that matches. */
  pattern: number;
  /** The text of its group named "index"; null when it has none. */
  index: string | null;
}

/**
 * For each name, the first pattern that it matches; null when it matches no pattern.
 * @param where the file and key; messages begin with it
 * @throws FathomError for a pattern that is not a regular expression, and when the patterns take longer than a second
 */
export function firstMatches(
  patterns: readonly string[],
  names: readonly string[],
  where: string,
): (Match | null)[] {
  if (patterns.length === 0) return names.map(() => null);
  try {
    return within(milliseconds, () => {
      // "u" refuses escapes that JavaScript would read as plain letters and Python reads differently (\A, \Z).
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
