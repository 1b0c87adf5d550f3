/**
 * The one error class a caller branches on. Everything a user can cause ends as one of these: one clear line that
 * says where, what was expected, what was found and what to try. Anything else that is thrown is a bug of ours.
 */
import { visibleLine, withoutSecrets } from "./visible.ts";

/** Process exit codes (conventions: 0 pass, 1 error, 2 usage or configuration, 100 threshold, 130 interrupted). */
export const exitCode = { ok: 0, error: 1, usage: 2, threshold: 100, interrupted: 130 } as const;

export interface Problem {
  /** File, option or record the problem is in, with line or key where known. */
  where: string;
  expected: string;
  found: string;
  /** What the user can do next. */
  hint?: string;
}

export class FathomError extends Error {
  readonly problem: Problem;
  readonly exit: 1 | 2;

  /** @param exit 2 when the user's input or configuration is wrong, 1 when the world failed (disk, memory, a peer). */
  constructor(problem: Problem, exit: 1 | 2 = 2, options?: ErrorOptions) {
    super(describe(problem), options);
    this.name = "FathomError";
    this.problem = problem;
    this.exit = exit;
  }
}

/** Shorthand for the common case: bad input, exit 2. */
export function badInput(where: string, expected: string, found: string, hint?: string): FathomError {
  return new FathomError(hint === undefined ? { where, expected, found } : { where, expected, found, hint });
}

/** The world failed, not the input: exit 1. */
export function failure(where: string, expected: string, found: string, hint?: string): FathomError {
  return new FathomError(
    hint === undefined ? { where, expected, found } : { where, expected, found, hint },
    1,
  );
}

/** What was made, or why it could not be: for a part that not everybody needs. Anything but a FathomError is thrown on. */
export function attempt<T>(make: () => T): T | FathomError {
  try {
    return make();
  } catch (error) {
    if (error instanceof FathomError) return error;
    throw error;
  }
}

/** What was made. @throws FathomError that says why it could not be */
export function orThrow<T>(made: T | FathomError): T {
  if (made instanceof FathomError) throw made;
  return made;
}

function describe({ where, expected, found, hint }: Problem): string {
  const line = `${oneLine(where)}: expected ${oneLine(expected)}, found ${oneLine(found)}`;
  return hint === undefined ? line : `${line}. Try: ${oneLine(hint)}`;
}

/** No part of a message is longer. */
const longest = 600;

/** Names and values in messages come from hostile files: no line ends, nothing invisible, no megabytes, nobody's password. */
function oneLine(text: string): string {
  const line = visibleLine(withoutSecrets(text.slice(0, longest + 1)));
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
