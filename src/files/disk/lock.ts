/**
 * Locks between processes. If one process fetches a file, another that wants the same file waits. If one process
 * works on a run, another is refused. Python's locks cannot be used here, because Node has no flock. They are not
 * needed: Python writes to files of its own and renames them. A lock here is a file that its holder touches
 * regularly. So if a holder is killed, on this machine or another, its lock soon no longer counts.
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

/** After this many missed heartbeats a holder counts as gone. */
const missedBeats = 8;

/** Milliseconds between heartbeats while a process works on a folder alone. A long analysis may block several of them. */
const aloneBeat = 30_000;

/** Name of the lock in a folder on which one process works alone. */
export const lockName = "at-work.lock";

/**
 * Takes a folder's lock, so that other processes are refused.
 * @returns a function that releases the lock
 * @throws FathomError if another process works on the folder
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
 * Runs `work` while holding the lock at `path`; waits if another process holds it.
 * @param heartbeat milliseconds between heartbeats
 * @param onWait called at every look at a lock that another process holds
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

/** @returns a function that releases the lock; null if another process holds it */
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

/** The error codes of file systems without hard links. */
const withoutLinks: ReadonlySet<string> = new Set(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EMLINK"]);

/**
 * Creates the lock together with its holder's name. If they were written one after the other and the process was killed in
 * between, a lock without a name would keep others away for minutes.
 * @returns false if the lock exists
 */
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
  // A date far in the future, from another clock or from before this clock was corrected, is not a sign of life either.
  if (Math.abs(Date.now() - found.mtimeMs) > patience) return true;
  const { host, pid, began } = parsed(holder);
  if (host !== hostname() || typeof pid !== "number") return false;
  if (!isAlive(pid)) return true;
  // Process numbers are reused, above all in a restarted container, which counts from 1 again.
  const now = beginningOf(pid);
  return typeof began === "string" && now !== null && began !== now;
}

/** When a process started, as a string that no other process of this number has; null if the system does not tell. */
function beginningOf(pid: number): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    // Fields are counted after the name, which may contain any character. Field 22 is the start in ticks since boot
    // (proc_pid_stat(5)).
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return `${boot} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]!}`;
  } catch {
    return null;
  }
}

/**
 * Removes an abandoned lock. If two processes find it at the same time, the slower one may rename the new lock of the
 * faster one; it then puts that lock back.
 */
function remove(path: string, holder: string): void {
  const aside = partialOf(path);
  try {
    renameSync(path, aside);
    if (textOf(aside) !== holder) linkSync(aside, path);
    rmSync(aside, { force: true });
  } catch {
    // The other process was faster.
  }
}

function touch(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // Another process took this lock for abandoned. Both write the same data, and it is checked before it is used.
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
    // The lock was just created, and its text is not written yet.
    return {};
  }
}
