/** A preset: the prompt with which a language model becomes a judge, and how its reply is read. One file per preset. */
import type { Outcome, Surface } from "../../core/records/verdict.ts";
import type { Asked, Candidate } from "./asker.ts";

/** The answer that is judged, ready for a prompt: neither text can act as a mark of a chat format. */
export interface Exhibit {
  /** null if the request is not known. */
  prompt: string | null;
  answer: string;
  /** Whether the answer was stopped from outside. */
  cut: boolean;
  /** A word that stands in neither text. */
  nonce: string;
}

/** What a reply says. */
export interface Reading {
  outcome: Outcome;
  surface: Surface | null;
  note: string | null;
}

export interface Preset {
  readonly name: string;
  /** Raised when the prompt or the reading changes. */
  readonly version: number;
  /** Everything that decides what is asked and how a reply is read. Its hash is part of the judge's name. */
  readonly data: Readonly<Record<string, string | number | readonly string[]>>;
  /** Where the format was published, and its licence; null for our own. */
  readonly published: { source: string; licence: string } | null;
  /** On which weights the preset was run. */
  readonly ranOn: string;
  /** The outcomes that it can give, besides empty and undetermined. */
  readonly outcomes: readonly Outcome[];
  /** Whether it can judge an answer only together with its request. */
  readonly needsPrompt: boolean;
  readonly ask: (exhibit: Exhibit) => Asked;
  readonly read: (text: string, first: readonly Candidate[] | null) => Reading;
  /** A sentence that tells the judge, in the preset's own terms, to give this outcome; null if it has no words for it. */
  readonly order: (outcome: Outcome) => string | null;
}
