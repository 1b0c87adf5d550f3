/** The table of flips, as the page and the Markdown show it. */
import type { Tier } from "../core/records/prompt.ts";
import { askedWords, outcomeWords, tierWords } from "../core/records/words.ts";
import type { ShownFlip } from "../core/results/comparison.ts";

export const flipHead = ["Prompt", "Tier", "Condition", "Base", "Then"] as const;

export function flipRow({ prompt_id, tier, condition, from, to }: ShownFlip): string[] {
  return [
    prompt_id,
    tierWords[tier satisfies Tier],
    conditionWords(condition),
    outcomeWords[from],
    outcomeWords[to],
  ];
}

/** e.g. "Chat template, first 200 tokens"; with the seed if it is not 0. */
function conditionWords({ seed, cap, ...asked }: ShownFlip["condition"]): string {
  return `${askedWords(asked)}, first ${cap} tokens${seed === 0 ? "" : `, seed ${seed}`}`;
}

/** e.g. "12 prompts lost their refusal, 3 gained one." */
export function flipSentence(flips: readonly ShownFlip[]): string {
  const lost = flips.filter(({ from }) => from === "refuse").length;
  if (flips.length === 0) return "No answer changed between refusing and not refusing.";
  return `${lost} ${lost === 1 ? "answer" : "answers"} lost the refusal, ${flips.length - lost} gained one.`;
}

/** What may be shown of an answer. */
export const answerWords = ({ text, printable }: ShownFlip["answers"][number]): string =>
  text ?? (printable === null || printable === "" ? "(withheld)" : `${printable} … (the rest is withheld)`);
