/**
 * The one kind of job. A plan with every choice stated goes in, a typed result comes out, and what lies between is on the disk: a
 * job that was aborted or killed is gone on with by the same plan and `resume`, and ends with the same bytes. A job prints
 * nothing, reads no option, and knows no signal of the process; a command line, a server or a queue does that.
 */
import type { JobEvent, Tell } from "./job-events.ts";

/** What every job is given beside its plan. @typeParam Event what it tells */
export interface JobContext<Event = JobEvent> {
  /** Threads of the engine; one a core when null. */
  threads: number | null;
  /** Rounded weights stay on the disk for the next time. */
  keepRounded: boolean;
  tell: Tell<Event>;
  /** When it is aborted, the job stops and rejects. */
  signal: AbortSignal;
}

/** What a job is given that can be gone on with. */
export interface DirectoryContext<Event = JobEvent> extends JobContext<Event> {
  /** Its directory: new, empty, or this job's. */
  out: string;
  /** Go on with what is begun there. */
  resume: boolean;
}

/**
 * @throws FathomError for a plan that cannot be carried out, for a directory that is not this job's, and where the disk or the
 *   engine fails
 * @throws the reason of `signal` when that is aborted
 */
export type Job<Plan, Result, Context extends JobContext<never> = JobContext> = (
  plan: Plan,
  context: Context,
) => Promise<Result>;

/** Does `work` until the signal is aborted. What is at work then fails in its own way: the abort is the reason that is thrown. */
export async function untilAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } finally {
    signal.throwIfAborted();
  }
}
