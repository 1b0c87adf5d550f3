/** A command in a memory control group of Linux, version 1 or 2, and the most memory that it took of its own. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Of the process's own memory; its peak lasts longer than this. */
const sampleMilliseconds = 10;

export interface Ended {
  /** null when it was killed. */
  code: number | null;
  stderr: string;
  seconds: number;
  /** Bytes of anonymous memory at most: what the system cannot drop and read again, as it can mapped files. */
  peak: number;
}

/** Anonymous and cached memory together stay below this, without swap; null where no group can be made. */
export function memoryGroup(bytes: number): { path: string; remove: () => void } | null {
  for (const [base, limit, swap] of [
    ["/sys/fs/cgroup/memory", "memory.limit_in_bytes", null],
    ["/sys/fs/cgroup", "memory.max", "memory.swap.max"],
  ] as const) {
    const path = join(base, `fathom-bench-${process.pid}`);
    try {
      mkdirSync(path);
    } catch {
      continue;
    }
    if (existsSync(join(path, limit))) {
      writeFileSync(join(path, limit), String(bytes));
      if (swap !== null && existsSync(join(path, swap))) writeFileSync(join(path, swap), "0");
      return { path, remove: () => rmdirSync(path) };
    }
    rmdirSync(path);
  }
  return null;
}

/** @param group of `memoryGroup`, to run in */
export async function runMeasured(command: readonly string[], group: string | null): Promise<Ended> {
  const started = performance.now();
  const enter = group === null ? "" : `echo $$ > '${group}/cgroup.procs' && `;
  const child = spawn("/bin/sh", ["-c", `${enter}exec "$@"`, "sh", ...command], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, anonymousBytes(child.pid!));
  }, sampleMilliseconds);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(timer);
  return { code, stderr, seconds: (performance.now() - started) / 1000, peak };
}

function anonymousBytes(pid: number): number {
  try {
    return 1024 * Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  } catch {
    // It has just ended.
    return 0;
  }
}
