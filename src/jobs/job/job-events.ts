/**
 * What a job says while it is at work, as data: a terminal makes a line of it, a server a message, a queue a bar. A job says it as
 * often as something happens; the listener chooses what it shows.
 */

/** `done` and `total` are in the unit of the event. */
export type JobEvent =
  /** The job does something whose length is not known. */
  | { kind: "working"; what: string }
  /** Of parts and matrices, `done` are finished and the next one is at work. */
  | { kind: "counted"; what: string; done: number; total: number; unit: "part" | "matrix" | "tokens" }
  /** Bytes of a repository of the hub. Rate and seconds left are null until a byte has come. */
  | {
      kind: "fetching";
      repo: string;
      done: number;
      total: number;
      perSecond: number | null;
      left: number | null;
    }
  /** `bytes` came; none where the cache had all of it. */
  | { kind: "fetched"; repo: string; bytes: number; perSecond: number }
  | { kind: "waiting"; seconds: number; reason: string }
  /** A person should know it: how the hub was reached, or how a checkpoint's files were read. It stops nothing. */
  | { kind: "note"; of: "hub" | "checkpoint"; text: string }
  /**
   * While true, an abort of the job's signal is heeded at once and nothing that is finished is lost. While false, the job
   * looks at the signal only between two stretches of work.
   */
  | { kind: "stoppable"; now: boolean };

export type Tell<Event = JobEvent> = (event: Event) => void;
