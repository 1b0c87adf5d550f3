/**
 * A file that is being written has another name until it is whole, and the number of the process that writes it. One that
 * was killed leaves it behind; whoever starts next in its place clears it away.
 */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "./alive.ts";

/** Where `path` is written until it is whole. */
export const partialOf = (path: string): string => `${path}.partial-${process.pid}`;

/** What the file would have become, and who was at it; what waits beside it on the disk (spool.ts) is called its rows. */
const leftover = /^(?<whole>.+)\.partial-(?<pid>\d+)(?:-rows)?$/;

/**
 * Removes what processes that are gone left half-written in a folder. Numbers of processes come round again, so what bears
 * our own is another's too: call it before anything is being written there.
 * @param isOurs whether Fathom writes a file of this name there; what belongs to anybody else is let be
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

/** Whether a name is of a file that `clearPartials` takes for a leftover of one of ours. */
export function isPartial(name: string, isOurs: (whole: string) => boolean): boolean {
  const whole = leftover.exec(name)?.groups?.["whole"];
  return whole !== undefined && isOurs(whole);
}
