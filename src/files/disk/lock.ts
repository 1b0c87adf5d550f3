/**
 * One process fetches a file, and another that wants the same one waits for it; one goes on with a run, and another is
 * refused. Python's locks cannot be taken from here (Node has no flock) and need not be: it writes to files of its own
 * and renames them. A lock here is a file that its holder touches while it lives, so one whose holder was killed, on
 * this machine or another, stands in nobody's way for long.
 */
import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { badInput } from "../../core/errors.ts";
import { isAlive } from "./alive.ts";
import { makeFolder, writeProblem } from "./io.ts";
import { partialOf } from "./partial.ts";

/** Missed heartbeats after which a holder is taken to be gone. */
const missedBeats = 8;

/** Milliseconds between the heartbeats of whoever works on a folder alone. An analysis may hold up several of them. */
const aloneBeat = 30_000;

/** In a folder that somebody works on alone. */
export const lockName = "at-work.lock";

/**
 * Keeps others who ask away from a folder.
 * @returns what lets them in again
 * @throws FathomError when somebody else is at work on it
 */
export function holdAlone(folder: string): () => void {
  const path = join(folder, lockName);
  const release = hold(path, aloneBeat);
  if (release !== null) return release;
  const { host, pid } = parsed(textOf(path));
  const minutes = (aloneBeat * missedBeats) / 60_000;
  throw badInput(
    folder,
    "no other process at work on it",
    typeof pid === "number" ? `process ${pid} of ${String(host)}` : "one",
    `once that has ended; one that was killed elsewhere counts as gone after ${minutes} minutes`,
  );
}

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
  let release = hold(path, heartbeat);
  while (release === null) {
    onWait();
    await pause(heartbeat / 4);
    release = hold(path, heartbeat);
  }
  try {
    return await work();
  } finally {
    release();
  }
}

/** @returns what lets go of the lock; null while somebody else holds it */
function hold(path: string, heartbeat: number): (() => void) | null {
  const { pid } = process;
  const holder = JSON.stringify({ host: hostname(), pid, began: beginningOf(pid), id: randomUUID() });
  if (!take(path, holder)) {
    const other = textOf(path);
    if (!isAbandoned(path, other, heartbeat * missedBeats)) return null;
    remove(path, other);
    if (!take(path, holder)) return null;
  }
  const beat = setInterval(() => {
    touch(path);
  }, heartbeat);
  return () => {
    clearInterval(beat);
    if (textOf(path) === holder) rmSync(path, { force: true });
  };
}

/** What file systems say that know no second name of a file. */
const withoutLinks: ReadonlySet<string> = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]);

/** A lock is never there without its holder's name: one killed in between would keep others away for minutes. */
function take(path: string, holder: string): boolean {
  const beside = partialOf(path);
  try {
    makeFolder(dirname(path));
    writeFileSync(beside, holder);
    try {
      linkSync(beside, path);
    } catch (error) {
      if (!withoutLinks.has((error as NodeJS.ErrnoException).code ?? "")) throw error;
      writeFileSync(path, holder, { flag: "wx" });
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw writeProblem(path, error);
  } finally {
    rmSync(beside, { force: true });
  }
}

function isAbandoned(path: string, holder: string, patience: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  // A date far ahead, of another clock or of before this one was set right, is no sign of life either.
  if (Math.abs(Date.now() - found.mtimeMs) > patience) return true;
  const { host, pid, began } = parsed(holder);
  if (host !== hostname() || typeof pid !== "number") return false;
  if (!isAlive(pid)) return true;
  // A number is given again, above all in a container that was started again: it begins to count at 1.
  const now = beginningOf(pid);
  return typeof began === "string" && now !== null && began !== now;
}

/** When a process began, in a word that no other process of this number has; null where the system does not say. */
function beginningOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // Fields are counted behind the name, which may hold anything: the 22nd is the start in ticks since boot (proc_pid_stat(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!}`;
  } catch {
    return null;
  }
}

/** Of two that find a lock abandoned, the slower one may get hold of the quicker one's new lock: it puts that back. */
function remove(path: string, holder: string): void {
  const aside = partialOf(path);
  try {
    renameSync(path, aside);
    if (textOf(aside) !== holder) linkSync(aside, path);
    rmSync(aside, { force: true });
  } catch {
    // The other one was quicker.
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

function parsed(text: string): { host?: unknown; pid?: unknown; began?: unknown } {
  try {
    return (JSON.parse(text) ?? {}) as { host?: unknown; pid?: unknown; began?: unknown };
  } catch {
    // Made a moment ago, and not written yet.
    return {};
  }
}
