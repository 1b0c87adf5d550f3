/** The command that goes on with an interrupted audit or training: the typed command, plus --resume if the work has begun. */
import { quoted } from "./quoted.ts";

/** @param args the arguments after `fathom` on the command line */
export function resumeCommand(args: readonly string[], begun: boolean): string {
  const again = args.includes("--resume") || !begun ? args : [...args, "--resume"];
  return ["fathom", ...again].map((argument) => quoted(argument)).join(" ");
}
