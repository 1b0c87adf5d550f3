/** The events of an audit: those of every job, and its own. */
import type { JobEvent } from "../job/job-events.ts";

export type AuditEvent =
  | JobEvent
  /** `done` of `total` answers exist. `tokens` were generated since this start of the audit, in `seconds`. */
  | {
      kind: "answers";
      done: number;
      total: number;
      tokens: number;
      seconds: number;
      /** Estimated seconds left; null until an estimate is possible. */
      left: number | null;
    }
  /** All answers exist and are analysed. `made` is null if no answer was missing, and for recorded answers. */
  | {
      kind: "answered";
      answers: number;
      made: { tokens: number; seconds: number } | null;
      recorded: boolean;
    };
