/** Kills processes at the moment when a run begins. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { start } from "../cli/fathom.ts";

/**
 * Starts the command and kills it `after` milliseconds after its folder appears, unless it has ended by then.
 * @throws Error if no folder appears
 */
export async function killedAtItsStart(
  args: readonly string[],
  folder: string,
  after: number,
): Promise<void> {
  const child = start(args);
  const ended = new Promise((resolve) => child.on("close", resolve));
  const patience = performance.now() + 30_000;
  while (!existsSync(folder) && child.exitCode === null) {
    if (performance.now() > patience) throw new Error(`${folder}: not begun within 30 s`);
    await sleep(1);
  }
  if (after > 0) await sleep(after);
  child.kill("SIGKILL");
  await ended;
}
