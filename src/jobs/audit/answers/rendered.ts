/** One prompt as the model reads it, special tokens included: a template may put in more than anyone asked for. */
import type { Condition } from "../../../core/records/observation.ts";
import type { Prompt } from "../../../core/records/prompt.ts";

export interface Rendered extends Way {
  prompt_id: string;
  /** The text of the tokens that the model reads. */
  text: string;
  /** What stands in the place of a system prompt; null if there is no system turn, or the template has no place for one. */
  system_turn: string | null;
}

type Way = Pick<Condition, "template" | "turn">;

/** Found in the text of a conversation that has it as its system prompt. It is made of letters, so no template changes it. */
const marker = "FathomSystemMarker";

/**
 * The prompt that stands for the others: a benign one of the main panel, if there is one. It is printed, so it is none whose earlier
 * turns a report withholds.
 */
export const exampleOf = (prompts: readonly Prompt[]): Prompt | undefined =>
  prompts.find(({ tier, panel }) => tier === "benign" && panel === "main") ??
  prompts.find(({ tier, turns }) => turns === undefined || tier !== "hazard_adjacent");

/** @param render the text that the model reads of the prompt, with a system prompt; it throws where there is no place for one */
export function rendered(
  { template, turn }: Way,
  prompt: Prompt,
  system: string | null,
  render: (system: string | null) => string,
): Rendered {
  const text = render(system);
  return {
    ...{ template, turn },
    prompt_id: prompt.id,
    text,
    system_turn: template === "none" ? null : systemIn(text, render),
  };
}

/** What is between the same words as a system prompt would be. */
function systemIn(text: string, render: (system: string | null) => string): string | null {
  let marked: string;
  try {
    marked = render(marker);
  } catch {
    // The template refuses system prompts, so it has no system turn of its own either.
    return null;
  }
  const [before, after, ...more] = marked.split(marker);
  if (before === undefined || after === undefined || more.length > 0) return null;
  const isThere =
    text.startsWith(before) && text.endsWith(after) && text.length > before.length + after.length;
  return isThere ? text.slice(before.length, text.length - after.length) : null;
}
