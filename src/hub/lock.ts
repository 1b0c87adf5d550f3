/**
 * One process fetches a file; another that wants the same one waits for it. Python's locks cannot be taken from here
 * (Node has no flock) and need not be: it writes to files of its own and renames them. A lock here is a file that its
 * holder touches while it lives, so one whose holder was killed, on this machine or another, is not waited for.
 */
import { randomUUID } from "node:crypto";
import {
  closeSync,
  linkSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeSync,
} from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { makeFolder, writeProblem } from "../files/io.ts";

/** Missed heartbeats after which a holder is taken to be gone. */
const missedBeats = 8;

/**
 * Runs `work` while holding the lock at `path`.
 * @param heartbeat milliseconds
 * @param onWait told with every look at a lock that somebody else holds
 */
export async function withLock<T>(
  path: string,
  heartbeat: number,
  onWait: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const holder = JSON.stringify({ host: hostname(), pid: process.pid, id: randomUUID() });
  while (!take(path, holder)) {
    const other = textOf(path);
    if (isAbandoned(path, other, heartbeat * missedBeats)) remove(path, other);
    else {
      onWait();
      await pause(heartbeat / 4);
    }
  }
  const beat = setInterval(() => {
    touch(path);
  }, heartbeat);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if (textOf(path) === holder) rmSync(path, { force: true });
  }
}

function take(path: string, holder: string): boolean {
  try {
    makeFolder(dirname(path));
    const fd = openSync(path, "wx");
    writeSync(fd, holder);
    closeSync(fd);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw writeProblem(path, error);
  }
}

function isAbandoned(path: string, holder: string, patience: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (Date.now() - found.mtimeMs > patience) return true;
  const { host, pid } = parsed(holder);
  return host === hostname() && typeof pid === "number" && !isAlive(pid);
}

/** Of two that find a lock abandoned, the slower one may get hold of the quicker one's new lock: it puts that back. */
function remove(path: string, holder: string): void {
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
    if (textOf(aside) !== holder) linkSync(aside, path);
    rmSync(aside, { force: true });
  } catch {
    // The other one was quicker.
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Somebody thought us gone. What both write is the same, and is checked before it counts.
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function parsed(text: string): { host?: unknown; pid?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { host?: unknown; pid?: unknown };
  } catch {
    // Made a moment ago, and not written yet.
    return {};
  }
}
