/**
 * While a file is being written, its name ends in "partial" and the number of the process that writes it. A killed
 * process leaves such a file behind; the next process that works there removes it.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "./alive.ts";

/** The name under which `path` is written until it is complete. */
export const partialOf = (path: string): string => `${path}.partial-${process.pid}`;

/** Matches leftover files: the final name and the process. The suffix -rows marks the temporary file of spool.ts. */
const leftover = /^(?<whole>.+)\.partial-(?<pid>\d+)(?:-rows)?$/;

/**
 * Removes unfinished files that ended processes left in a folder. Process numbers are reused, so a file with our own
 * number is removed, too: call this before anything is being written there.
 * @param isOurs whether Fathom writes a file of this name there; files of other programs are not touched
 */
export function clearPartials(folder: string, isOurs: (whole: string) => boolean): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const found = leftover.exec(name)?.groups;
    if (found === undefined || !isOurs(found["whole"]!)) continue;
    const pid = Number(found["pid"]);
    if (pid === process.pid || !isAlive(pid)) rmSync(join(folder, name), { force: true });
  }
}

/** Whether `clearPartials` would take a file of this name for one of its leftovers. */
export function isPartial(name: string, isOurs: (whole: string) => boolean): boolean {
  const whole = leftover.exec(name)?.groups?.["whole"];
  return whole !== undefined && isOurs(whole);
}
