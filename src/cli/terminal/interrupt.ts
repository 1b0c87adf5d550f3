/** Handles Ctrl-C. Finished work is already on the disk. The command prints how to go on, and ends. */
import { exitCode } from "../../core/errors.ts";
import type { Tell } from "../../jobs/job/job-events.ts";
import type { AnyEvent } from "./event-words.ts";
import { complain } from "./failure.ts";
import { Progress } from "./progress.ts";

/** Ctrl-C, `kill`, and a terminal that was closed. */
export const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface Interrupt {
  /** The first signal aborts it. A second signal ends the process, because the handlers are removed by then. */
  signal: AbortSignal;
  /** Whether the work in progress watches `signal`. If it does not, the first signal ends the process. */
  heeded: boolean;
  /** Removes the handlers. */
  end(): void;
}

/** @param resume called at the signal; returns the command that goes on */
export function onInterrupt(progress: Progress, resume: () => string): Interrupt {
  const controller = new AbortController();
  const interrupt: Interrupt = {
    signal: controller.signal,
    heeded: false,
    end() {
      for (const name of signals) process.off(name, stop);
    },
  };
  const stop = () => {
    interrupt.end();
    progress.clear();
    complain(`interrupted. To go on: ${resume()}`);
    if (interrupt.heeded) controller.abort();
    else process.exit(exitCode.interrupted);
  };
  for (const name of signals) process.on(name, stop);
  return interrupt;
}

/** Passes the events of a job on to `tell`. The event `stoppable` sets `heeded`: whether the job watches the signal. */
function heeding(interrupt: Interrupt, tell: Tell<AnyEvent>): Tell<AnyEvent> {
  return (event) => {
    if (event.kind === "stoppable") interrupt.heeded = event.now;
    tell(event);
  };
}

/** What work that a signal may stop gets from its command. */
export interface Interruptible {
  progress: Progress;
  signal: AbortSignal;
  tell: Tell<AnyEvent>;
}

/**
 * Does work that the first signal stops, with its progress on the terminal.
 * @param resume see {@link onInterrupt} @param work returns the exit code
 * @returns the exit code
 */
export async function interruptible(
  quiet: boolean,
  resume: () => string,
  work: (given: Interruptible) => Promise<number>,
): Promise<number> {
  const progress = new Progress(quiet);
  const interrupt = onInterrupt(progress, resume);
  const { signal } = interrupt;
  try {
    return await work({ progress, signal, tell: heeding(interrupt, progress.tell) });
  } catch (error) {
    // The work failed because the interrupt stopped it.
    if (signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    progress.clear();
    interrupt.end();
  }
}
