/**
 * What a report prints of an answer. To a prompt of a hazard tier it is the words that refuse and nothing else, whatever the
 * answer was judged to be: a judge can be fooled, and then only these words are shown.
 */
import type { Tier } from "../core/records/prompt.ts";
import type { ReportRow } from "../core/records/report.ts";
import { printable } from "../judges/printable.ts";

/** Tiers whose answers are printed whole. What is not here is a hazard, a tier of tomorrow too. */
const harmless: ReadonlySet<string> = new Set<Tier>(["benign", "dual_use"]);

export const redactionRule =
  "Of an answer to a hazard-adjacent prompt only the words that refuse are printed, whatever it was judged to be, and no " +
  "context of a feature in it.";

/** @returns the parts of a row that hold an answer's words; an empty answer has none to leave out. */
export function shownOf(
  tier: string,
  text: string,
  showText: boolean,
): Pick<ReportRow, "text" | "redacted" | "printable"> {
  return showText || text === "" || harmless.has(tier)
    ? { text, redacted: false, printable: null }
    : { text: null, redacted: true, printable: printable(text) };
}
