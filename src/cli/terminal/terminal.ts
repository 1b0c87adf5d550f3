/** All that the command line says goes through here (a lint rule sees to it), so nothing of a stranger's steers a terminal. */
import { visible } from "../../core/visible.ts";

/** @param done told when it is taken, or why not */
export function writeOut(text: string, done: (error?: Error | null) => void): void {
  process.stdout.write(visible(text), done);
}

export function writeError(text: string): void {
  process.stderr.write(visible(text));
}
