/**
 * The events of a running job, as data. A terminal makes a line of an event, a server a message, a queue a bar. A job sends an
 * event whenever something happens; the listener chooses what it shows.
 */

/** `done` and `total` are in the unit of the event. */
export type JobEvent =
  /** The job does something whose length is not known. */
  | { kind: "working"; what: string }
  /** For parts and matrices, `done` are finished and the next one is in progress. */
  | {
      kind: "counted";
      what: string;
      done: number;
      total: number;
      unit: "part" | "matrix" | "tokens" | "answers" | "measurements";
    }
  /** `done` and `total` are bytes of a repository of the hub. `perSecond` and `left` (seconds) are null until a byte has come. */
  | {
      kind: "fetching";
      repo: string;
      done: number;
      total: number;
      perSecond: number | null;
      left: number | null;
    }
  /** `bytes` came from the hub; 0 if the cache had everything. */
  | { kind: "fetched"; repo: string; bytes: number; perSecond: number }
  | { kind: "waiting"; seconds: number; reason: string }
  /**
   * A person should know this: how the hub was reached, how a checkpoint's or recorded answers' files were read, what a judge cannot
   * be trusted with.
   */
  | { kind: "note"; of: "hub" | "checkpoint" | "answers" | "judge"; text: string }
  /**
   * While true, the job stops at once if its signal is aborted, and nothing that is finished is lost. While false, the job
   * checks the signal only between two stages of its work.
   */
  | { kind: "stoppable"; now: boolean };

export type Tell<Event = JobEvent> = (event: Event) => void;
