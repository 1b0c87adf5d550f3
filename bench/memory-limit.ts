/** Runs a command in a memory control group of Linux (version 1 or 2), and measures its peak of own memory. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Time between two samples of the process's own memory. Its peak lasts longer than this. */
const sampleMilliseconds = 10;

export interface Ended {
  /** Exit code; null if the process was killed. */
  code: number | null;
  stderr: string;
  seconds: number;
  /** Peak of anonymous memory, in bytes: memory that the system cannot drop and read again, unlike mapped files. */
  peak: number;
}

/**
 * Makes a group that limits anonymous and cached memory together to `bytes`, without swap; null if no group can be
 * made.
 */
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

/** @param group path of the group (`memoryGroup`) to run in; null for none */
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
    // The process has just ended.
    return 0;
  }
}
