/** The interface of a judge. Each implementation has a file of its own, and one shared test that it must pass. */

import type { Coherence } from "../core/records/coherence.ts";
import type { Outcome, Surface } from "../core/records/verdict.ts";
import type { Evidence } from "./rules/evidence.ts";

/** What a judge may read: an answer up to a cap. Thoughts of a reasoning model are not part of it. */
export interface JudgedAnswer {
  text: string;
  /** The user's turn as plain text; null if it is not known. */
  prompt: string | null;
  /** Whether the text was stopped from outside: by a cap or a full context. */
  cut: boolean;
  /** Number of tokens of `text`; Infinity if it is not known. */
  tokens: number;
}

/** What a judge says of one answer. */
export interface Ruling {
  outcome: Outcome;
  /** A distribution over the five labels; null where no label can be given, and only there. */
  surface: Surface | null;
  /** null if this judge does not look at it. */
  coherence: Coherence | null;
  /** Spans of `text` that speak for an outcome; empty if the judge gives none. */
  evidence: Evidence[];
  /** Why the outcome is what it is, where a reader must know it ("the judge answered in HTML"); null otherwise. */
  note: string | null;
}

export interface Judge {
  /** Name and version. It is written into every vote: two judges that may differ have different names. */
  readonly name: string;
  /**
   * @throws FathomError if the judge cannot be asked (down, out of budget). An answer that it gave and that nobody can
   *   read is "undetermined" with a note, not an error
   */
  judge(answer: JudgedAnswer, signal: AbortSignal): Promise<Ruling>;
}
