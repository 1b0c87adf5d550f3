/** Gives memory that JavaScript no longer uses back to the system. */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collects what reading a checkpoint left, if its vocabulary is so large that this is worth a tenth of a second. */
export function collectAfterReading({ vocabSize }: { vocabSize: number }): void {
  if (vocabSize > 2 ** 14) collectGarbage();
}

/**
 * V8 keeps the pages of a heap that was once large, and a file's vocabulary is several times its size while it is read. Only a
 * collection of V8's last resort gives them back; it takes about 0.1 s for a vocabulary of 150,000 tokens. It is of this thread's heap. Call
 * it where much was read and little of it is kept, before memory is needed that is not V8's.
 */
export function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (how: Record<string, string>) => void;
  collect({ type: "major", execution: "sync", flavor: "last-resort" });
}

/** Bytes of arrays that nobody uses, at most about this many before they are collected. */
const mostUnused = 2 ** 26;
/** Bytes of arrays that the last collection left, or fewer. */
let used = 0;
/** The same, of the last collection after a call. */
let atRest = 0;

/**
 * Collects if many large arrays were made since the last time. V8 lets hundreds of megabytes of them pile up beside a small heap, and
 * new memory costs more than a collection. It takes microseconds where there is nothing to do. Call it between two pieces of work.
 */
export function collectArrays(): void {
  used = collectedFrom(used);
}

/** The same when a call of the engine has ended. `collectArrays` does not see that its cache became garbage: it was there all the time. */
export function collectAtRest(): void {
  atRest = collectedFrom(atRest);
  used = Math.min(used, atRest);
}

/** Collects if the arrays are `mostUnused` larger than what was left of them. @returns what is left now, or was if that is less */
function collectedFrom(left: number): number {
  const held = arraysHeld();
  if (held - left < mostUnused) return Math.min(left, held);
  collectGarbage();
  return arraysHeld();
}

const arraysHeld = (): number => getHeapStatistics().external_memory;
