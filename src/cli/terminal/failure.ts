/** How a command ends when it fails: one line on stderr, and the exit code that the conventions give it. */
import { CommanderError } from "commander";
import { exitCode, FathomError } from "../../core/errors.ts";
import { visibleLine, withoutSecrets } from "../../core/visible.ts";
import { withOwnName } from "./own-name.ts";
import { writeError } from "./terminal.ts";

/** The reader of our output went away (`fathom … | head`): the end of the command, not a failure. */
export class ReaderGone extends Error {}

/** Prints what there is to print about a failure. @returns the exit code */
export function exitFor(error: unknown): number {
  if (error instanceof ReaderGone) return exitCode.ok;
  if (error instanceof CommanderError) {
    // Commander has printed it by now (see program.ts); help and --version end this way too.
    return error.exitCode === 0 ? exitCode.ok : exitCode.usage;
  }
  if (error instanceof FathomError) {
    complain(error.message);
    return error.exit;
  }
  const message = error instanceof Error ? error.message : String(error);
  complain(`${message}. This is a bug of Fathom; FATHOM_DEBUG=1 shows where`);
  if (process.env["FATHOM_DEBUG"] === "1" && error instanceof Error) writeError(`${error.stack ?? ""}\n`);
  return exitCode.error;
}

/** One line on stderr. */
export function complain(message: string): void {
  writeError(`${visibleLine(`fathom: ${withoutSecrets(withOwnName(message))}`)}\n`);
}
