/**
 * The interface of every job. It takes a plan that states every choice, and returns a typed result. A job with a directory keeps
 * its work on the disk: after an abort or a kill, the same plan with `resume` goes on and ends with the same bytes. A job prints
 * nothing, reads no option and handles no signal of the process. A command line, a server or a queue does that.
 */
import type { JobEvent, Tell } from "./job-events.ts";

/** What every job gets besides its plan. @typeParam Event the events that it sends */
export interface JobContext<Event = JobEvent> {
  /** Threads of the engine; null: one per core. */
  threads: number | null;
  /** Keep rounded weights on the disk for the next time. */
  keepRounded: boolean;
  tell: Tell<Event>;
  /** When it is aborted, the job stops and rejects. */
  signal: AbortSignal;
}

/** What a job with a directory gets. It can be resumed. */
export interface DirectoryContext<Event = JobEvent> extends JobContext<Event> {
  /** Its directory: new, empty, or this job's. */
  out: string;
  /** Go on with the work that is in the directory. */
  resume: boolean;
}

/**
 * @throws FathomError for a plan that cannot be carried out, for a directory that is not this job's, and if the disk or the
 *   engine fails
 * @throws the reason of `signal` if that is aborted
 */
export type Job<Plan, Result, Context extends JobContext<never> = JobContext> = (
  plan: Plan,
  context: Context,
) => Promise<Result>;

/** Runs `work` until the signal is aborted. After an abort the signal's reason is thrown, whatever error `work` fails with. */
export async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } finally {
    signal.throwIfAborted();
  }
}
