/** Answers that another tool recorded, in one form for all file formats. */
import type { Observation } from "../core/records/observation.ts";
import type { Turn } from "../core/records/prompt.ts";
import type { Template } from "../core/records/words.ts";

/** One recorded answer, with what its record says of how it was asked. null: the record does not say it. */
export interface RecordedUnit {
  /** The file and the place in it, for messages. */
  where: string;
  /** The id that the record gives the prompt. */
  id: string;
  /** The user's turn. */
  prompt: string | null;
  /** The turns before it; empty if the record says that there were none. */
  turns: readonly Turn[] | null;
  system: string | null;
  template: Template | null;
  /** Tells several answers to one prompt apart: a sampling seed, or the number of the repetition. */
  seed: number | null;
  /** The text as it was recorded; it may begin with a thought between marks. */
  text: string;
  /** A thought that was recorded beside the text. */
  reasoning: string | null;
  finish: Observation["finish"] | null;
  /** New tokens. If the model thought, they may include those of the thought. */
  tokens: number | null;
  /** Fields of the record that a prompt set has too, such as tier and framing. */
  fields: Readonly<Record<string, unknown>>;
}

export interface Recording {
  /** The program that wrote the file. */
  tool: string | null;
  /** The model's name as recorded. */
  model: string | null;
  /** The day or time that the record states, as it is written there. */
  date: string | null;
  temperature: number | null;
  /** The most new tokens that an answer could have. */
  limit: number | null;
  units: RecordedUnit[];
  /** Places of records without an answer, by the reason. */
  without: { where: string; why: "withheld" | "failed" }[];
  /** What a reader must know about the file, in sentences. */
  notes: string[];
}
