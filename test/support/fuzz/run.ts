/**
 * Tries thousands of damaged files: each must be read, or refused in one line, within limits of time and memory. A
 * case depends only on the seed and its number, so any case can be run again.
 */
import "../../../src/model/ort/no-telemetry.ts";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { makeRun } from "./own-files.ts";

export interface FuzzOptions {
  seed: number;
  /** Range of cases: `from` is included, `to` is not. */
  from: number;
  to: number;
  /** Only kinds of file whose name contains this; null for all. */
  only: string | null;
  /** Limits of one case. */
  limits: { seconds: number; megabytes: number };
}

export interface Failure {
  case: number;
  kind: string;
  what: string;
}

export interface FuzzReport {
  cases: number;
  failures: Failure[];
  /** By kind of file: how many opened, how many were refused, and the seconds and MiB of the worst case. */
  kinds: Record<string, { opened: number; refused: number; slowest: number; largest: number }>;
}

export interface WorkerData extends FuzzOptions {
  scratch: string;
  /** Folder of a finished run, which is damaged. */
  made: string;
  /** Int32[2]: the current case, and a count that grows with each case. */
  now: SharedArrayBuffer;
}

/** A case that still runs after this many times its limit counts as endless. */
const patience = 10;

/** @returns the results; a case that never ends, or that ends the thread, is the last failure */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const scratch = mkdtempSync(join(tmpdir(), "fathom-fuzz-"));
  const made = join(scratch, "made");
  makeRun(made);
  const now = new SharedArrayBuffer(8);
  const current = new Int32Array(now);
  const worker = new Worker(new URL("./worker.ts", import.meta.url), {
    workerData: { ...options, scratch, made, now } satisfies WorkerData,
    resourceLimits: { maxOldGenerationSizeMb: 1024 },
  });
  try {
    return await new Promise<FuzzReport>((resolve, reject) => {
      const ended = (what: string) => {
        const failure = { case: current[0]!, kind: "the thread", what };
        resolve({ cases: current[1]!, failures: [failure], kinds: {} });
      };
      let [seen, since] = [-1, Date.now()];
      const watch = setInterval(() => {
        if (current[1] !== seen) [seen, since] = [current[1]!, Date.now()];
        else if (Date.now() - since > patience * 1000 * options.limits.seconds) ended("never ended");
      }, 500);
      worker.on("message", resolve);
      worker.on("error", (error) => {
        if (current[1] === 0) reject(error as Error);
        else ended(String(error));
      });
      worker.on("exit", () => {
        clearInterval(watch);
      });
    });
  } finally {
    await worker.terminate();
    rmSync(scratch, { recursive: true, force: true });
  }
}
