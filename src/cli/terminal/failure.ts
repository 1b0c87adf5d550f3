/** Ends a failed command: one line on stderr, and an exit code. */
import { CommanderError } from "commander";
import { exitCode, FathomError, failure } from "../../core/errors.ts";
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
  if (noMemory.test(message)) return exitFor(outOfMemory(message));
  complain(`${message}. This is a bug of Fathom; FATHOM_DEBUG=1 shows where`);
  if (process.env["FATHOM_DEBUG"] === "1" && error instanceof Error) writeError(`${error.stack ?? ""}\n`);
  return exitCode.error;
}

/** What Node, its workers and ONNX Runtime say when the system gives them no memory. */
const noMemory =
  /std::bad_alloc|array buffer allocation failed|failed to allocate memory|cannot allocate memory|out of memory|memory limit/i;

const outOfMemory = (message: string): FathomError =>
  failure(
    "memory",
    "enough for this work",
    message,
    "fewer at a time (a smaller --batch-size, fewer SAEs), a smaller --precision, or another machine; a run goes on with --resume",
  );

/** Prints one line on stderr. */
export function complain(message: string): void {
  writeError(`${visibleLine(`fathom: ${withoutSecrets(withOwnName(message))}`)}\n`);
}
