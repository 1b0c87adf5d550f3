/** Runs cases one after another in a thread of its own, so that a case that never ends can be named and stopped. */
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { FathomError } from "../../../src/core/errors.ts";
import { random } from "../../../src/core/random.ts";
import { ownSubjects } from "./own-files.ts";
import type { Failure, FuzzReport, WorkerData } from "./run.ts";
import { kinds, prepare } from "./subjects.ts";

const { seed, from, to, scratch, made, only, limits, now } = workerData as WorkerData;
const current = new Int32Array(now);
// The cache of hashes is turned off, because these files exist only for a millisecond.
process.env["XDG_CACHE_HOME"] = join(scratch, "none", "\0");

const longestLine = 2000;

const subjects = [...kinds.map((kind) => prepare(kind, scratch)), ...ownSubjects(scratch, made)].filter(
  ({ name }) => only === null || name.includes(only),
);
const report: FuzzReport = {
  cases: 0,
  failures: [],
  kinds: Object.fromEntries(
    subjects.map(({ name }) => [name, { opened: 0, refused: 0, slowest: 0, largest: 0 }]),
  ),
};

for (const subject of subjects)
  await subject.use(subject.original).catch((error: unknown) => {
    throw new Error(`${subject.name} does not open undamaged`, { cause: error });
  });

for (let i = from; i < to; i++) {
  Atomics.store(current, 0, i);
  Atomics.add(current, 1, 1);
  const subject = subjects[i % subjects.length]!;
  const of = report.kinds[subject.name]!;
  const bytes = subject.mutate(subject.original, random(`${seed}/${i}`));
  const [start, before] = [performance.now(), process.memoryUsage.rss()];
  const problem = await subject.use(bytes).then(
    () => {
      of.opened += 1;
      return null;
    },
    (error: unknown) => {
      of.refused += 1;
      return problemOf(error);
    },
  );
  const seconds = (performance.now() - start) / 1000;
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  of.slowest = Math.max(of.slowest, seconds);
  of.largest = Math.max(of.largest, grown);
  report.cases += 1;
  const add = (what: string): number =>
    report.failures.push({ case: i, kind: subject.name, what } satisfies Failure);
  if (problem !== null) add(problem);
  if (seconds > limits.seconds) add(`took ${seconds.toFixed(1)} s`);
  if (grown > limits.megabytes) add(`took ${grown.toFixed(0)} MiB`);
}
parentPort!.postMessage(report);

/** null if the error tells a person in one line what is wrong; else the problem with it. */
function problemOf(error: unknown): string | null {
  if (!(error instanceof FathomError))
    return error instanceof Error ? (error.stack ?? String(error)) : String(error);
  const { message } = error;
  if (/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(message))
    return `not one line: ${JSON.stringify(message).slice(0, 300)}`;
  if (message.length > longestLine) return `a line of ${message.length}: ${message.slice(0, 300)}`;
  return null;
}
