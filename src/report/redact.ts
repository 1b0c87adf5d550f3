/**
 * Decides what a report prints of an answer. For a prompt of a hazard tier, that is the words that refuse and nothing else,
 * whatever
 * the verdict on the answer is: a judge can be fooled, and even then only these words are shown.
 */
import type { Prompt, Tier } from "../core/records/prompt.ts";
import type { ReportRow, ShownTurn } from "../core/records/report.ts";
import { printable } from "../judges/printable.ts";

/** Tiers whose answers are printed whole. Every other tier counts as a hazard, also one that is added later. */
const harmless: ReadonlySet<string> = new Set<Tier>(["benign", "dual_use"]);

export const redactionRule =
  "Of an answer to a hazard-adjacent prompt only the words that refuse are printed, whatever it was judged to be, and no " +
  "context of a feature in it.";

/** The rule's second sentence, in a report with thoughts. */
export const redactedThoughts = "Nothing of a thought about such a prompt is printed.";

/** The turns before a prompt. What an assistant says in them is shown as an answer is: it may be one that somebody recorded. */
export const turnsShown = (
  { tier, turns = [] }: Pick<Prompt, "tier" | "turns">,
  showText: boolean,
): ShownTurn[] =>
  turns.map(({ role, content }) => {
    const { text, printable: words } = shownOf(tier, content, showText || role === "user");
    return { role, content: text, printable: words };
  });

/** @returns the parts of a row that hold the answer's words. An empty answer is never redacted. */
export function shownOf(
  tier: string,
  text: string,
  showText: boolean,
): Pick<ReportRow, "text" | "redacted" | "printable"> {
  return showText || text === "" || harmless.has(tier)
    ? { text, redacted: false, printable: null }
    : { text: null, redacted: true, printable: printable(text) };
}
