/**
 * The one error class that callers catch by type. Every problem that a user can cause is thrown as a FathomError: one clear line
 * that says where, what was expected, what was found and what to try. Any other error is a bug in Fathom.
 */
import { visibleLine, withoutSecrets } from "./visible.ts";

/** Process exit codes (conventions: 0 pass, 1 error, 2 usage or configuration, 100 threshold, 130 interrupted). */
export const exitCode = { ok: 0, error: 1, usage: 2, threshold: 100, interrupted: 130 } as const;

export interface Problem {
  /** The file, option or record that has the problem, with its line or key where known. */
  where: string;
  expected: string;
  found: string;
  /** What the user can do next. */
  hint?: string;
}

export class FathomError extends Error {
  readonly problem: Problem;
  readonly exit: 1 | 2;

  /** @param exit 2 when the user's input or configuration is wrong, 1 when something outside failed (disk, memory, network). */
  constructor(problem: Problem, exit: 1 | 2 = 2, options?: ErrorOptions) {
    super(describe(problem), options);
    this.name = "FathomError";
    this.problem = problem;
    this.exit = exit;
  }
}

/** A FathomError for bad input: exit 2. */
export function badInput(where: string, expected: string, found: string, hint?: string): FathomError {
  return new FathomError(hint === undefined ? { where, expected, found } : { where, expected, found, hint });
}

/** A FathomError for a failure of disk, memory or network, where the input is right: exit 1. */
export function failure(where: string, expected: string, found: string, hint?: string): FathomError {
  return new FathomError(
    hint === undefined ? { where, expected, found } : { where, expected, found, hint },
    1,
  );
}

/**
 * Runs `make` and returns its result, or the FathomError that it threw. Use it for a part that only some callers need. Other
 * errors are thrown again.
 */
export function attempt<T>(make: () => T): T | FathomError {
  try {
    return make();
  } catch (error) {
    if (error instanceof FathomError) return error;
    throw error;
  }
}

/** The result of `attempt`. @throws FathomError the one that `attempt` kept */
export function orThrow<T>(made: T | FathomError): T {
  if (made instanceof FathomError) throw made;
  return made;
}

function describe({ where, expected, found, hint }: Problem): string {
  const line = `${oneLine(where)}: expected ${oneLine(expected)}, found ${oneLine(found)}`;
  return hint === undefined ? line : `${line}${line.endsWith(".") ? "" : "."} Try: ${oneLine(hint)}`;
}

/** The most characters that a part of a message may have. */
const longest = 600;

/**
 * Messages quote names and values from hostile files. This removes line ends, invisible characters and passwords, and cuts long
 * texts.
 */
function oneLine(text: string): string {
  const line = visibleLine(withoutSecrets(text.slice(0, longest + 1)));
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
