/** Handles Ctrl-C. Finished work is already on the disk. The command prints how to go on, and ends. */
import { exitCode } from "../../core/errors.ts";
import type { Tell } from "../../jobs/job/job-events.ts";
import type { AnyEvent } from "./event-words.ts";
import { complain } from "./failure.ts";
import type { Progress } from "./progress.ts";

/** Ctrl-C, `kill`, and a terminal that was closed. */
export const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interrupt {
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
export function heeding(interrupt: Interrupt, tell: Tell<AnyEvent>): Tell<AnyEvent> {
  return (event) => {
    if (event.kind === "stoppable") interrupt.heeded = event.now;
    tell(event);
  };
}
