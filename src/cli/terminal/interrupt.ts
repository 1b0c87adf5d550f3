/** Ctrl-C on a run: nothing is lost, because every answer is on the disk when it is finished. Say how to go on, and go. */
import { exitCode } from "../../core/errors.ts";
import type { Tell } from "../../jobs/job/job-events.ts";
import type { AnyEvent } from "./event-words.ts";
import { complain } from "./failure.ts";
import type { Progress } from "./progress.ts";

/** Ctrl-C, a polite kill, and a terminal that was closed. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

export interface Interrupt {
  /** Aborted by the first signal; a second one ends the process as it would any other. */
  signal: AbortSignal;
  /** While work is done by something that heeds `signal`; otherwise the first signal ends the process itself. */
  heeded: boolean;
  /** Takes the handlers away. */
  end(): void;
}

/** @param resume the command that goes on from where things are then */
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

/** Takes what a job says: while it can be stopped, its signal is heeded. The rest is told on. */
export function heeding(interrupt: Interrupt, tell: Tell<AnyEvent>): Tell<AnyEvent> {
  return (event) => {
    if (event.kind === "stoppable") interrupt.heeded = event.now;
    tell(event);
  };
}
