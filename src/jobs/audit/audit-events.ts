/** What an audit says while it is at work, beside what every job says. */
import type { JobEvent } from "../job/job-events.ts";

export type AuditEvent =
  | JobEvent
  /** Answers, of all that the plan asks for. Tokens were generated since this start of the audit, in `seconds`. */
  | {
      kind: "answers";
      done: number;
      total: number;
      tokens: number;
      seconds: number;
      /** Estimated seconds left; null until there is something to estimate from. */
      left: number | null;
    }
  /** All answers are there and analysed; `made` is null where none was missing. */
  | { kind: "answered"; answers: number; made: { tokens: number; seconds: number } | null };
