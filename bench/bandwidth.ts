/**
 * Measures how fast this machine reads memory: every core compares two large equal buffers, which reads both and
 * writes nothing. There is one process per core, so that the buffers do not count in the peak memory of the process
 * that measures a model.
 */
import { fork } from "node:child_process";
import { availableParallelism } from "node:os";

const bytes = 256 * 2 ** 20;
const rounds = 6;

/** @returns bytes per second, the sum over all cores of the best of several rounds */
export async function memoryBandwidth(): Promise<number> {
  const children = Array.from({ length: availableParallelism() }, () => fork(import.meta.filename));
  const rates = await Promise.all(
    children.map(
      (child) => new Promise<number>((resolve) => child.once("message", (rate) => resolve(Number(rate)))),
    ),
  );
  return rates.reduce((sum, rate) => sum + rate, 0);
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) {
  const [a, b] = [Buffer.alloc(bytes, 1), Buffer.alloc(bytes, 1)];
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    if (a.compare(b) !== 0) throw new Error("equal buffers differ");
    best = Math.max(best, (2 * bytes) / ((performance.now() - start) / 1000));
  }
  process.send(best);
}
