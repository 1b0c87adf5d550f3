/** A prompt as the model reads it. */
import type { SubjectPrompt } from "../../../anatomy/subject/subject.ts";

export interface ReadPrompt extends SubjectPrompt {
  /** The exact tokens, template included. */
  ids: readonly number[];
}
