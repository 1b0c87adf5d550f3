/**
 * The interface of everything that answers the prompts of an audit: the engine on this machine, a model behind an endpoint, or a
 * file of recorded answers.
 */
import type { Condition, Observation } from "../../../core/records/observation.ts";
import type { Prompt } from "../../../core/records/prompt.ts";

/** A unit of work: one prompt under one condition. */
export interface Unit {
  /** SHA-256 of everything its observation depends on. */
  key: string;
  prompt: Prompt;
  condition: Condition;
  /** The exact tokens that the model reads; empty for an endpoint and recorded answers, which have text. */
  prompt_ids: number[];
}

/** A condition as keys hash it: older versions knew no other turn than the user's, and their runs can be resumed. */
export function withoutUsersTurn<C extends Pick<Condition, "turn">>({ turn, ...rest }: C) {
  return turn === "user" ? rest : { ...rest, turn };
}

export interface Answered {
  observation: Observation;
  /** Writes the files that the observation refers to. @returns their paths */
  store: () => readonly string[];
}

/** Listens while an asker works. */
export interface Heard {
  /** Called with each answer as soon as it is finished, in no fixed order. */
  answered: (answer: Answered) => void;
  /** Called with the number of new tokens. */
  generated: (tokens: number) => void;
}

export interface Asker {
  /** Whether everything that a record refers to is there, as it was written. */
  isWhole: (record: Observation) => boolean;
  /** Asks for the answers of the units. @throws FathomError if one cannot be had; those that were heard stay */
  ask: (pending: readonly Unit[], heard: Heard) => Promise<void>;
}
