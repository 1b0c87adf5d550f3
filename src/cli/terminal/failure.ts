/** Ends a failed command: one line on stderr, and an exit code. */
import { CommanderError } from "commander";
import { exitCode, FathomError } from "../../core/errors.ts";
import { visibleLine, withoutSecrets } from "../../core/visible.ts";
import { withOwnName } from "./own-name.ts";
import { writeError } from "./terminal.ts";

/** The program that reads our output has ended (`fathom … | head`). The command ends too; that is not a failure. */
export class ReaderGone extends Error {}

/** Prints the error, unless it was printed before. @returns the exit code */
export function exitFor(error: unknown): number {
  if (error instanceof ReaderGone) return exitCode.ok;
  if (error instanceof CommanderError) {
    // Commander has already printed it (see program.ts). Help and --version also end with a CommanderError.
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

/** Prints one line on stderr. */
export function complain(message: string): void {
  writeError(`${visibleLine(`fathom: ${withoutSecrets(withOwnName(message))}`)}\n`);
}
