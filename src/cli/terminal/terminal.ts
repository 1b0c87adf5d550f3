/**
 * All output of the command line goes through here (a lint rule enforces it), so text from strangers cannot control the
 * terminal.
 */
import { visible } from "../../core/visible.ts";

/** @param done called when the text is taken, or with the error */
export function writeOut(text: string, done: (error?: Error | null) => void): void {
  process.stdout.write(visible(text), done);
}

export function writeError(text: string): void {
  process.stderr.write(visible(text));
}
