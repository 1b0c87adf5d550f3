/** Phrases that the sentences of findings share, so that every finding writes numbers in the same way. */
import { formatValue } from "../../core/format.ts";
import type { Tier } from "../../core/records/prompt.ts";
import { type Outcome, outcomes } from "../../core/records/verdict.ts";
import { outcomeWords, type Template, tierWords } from "../../core/records/words.ts";
import type { Interval } from "../../stats/proportion.ts";
import { type Answer, isUnjudged, isUnread } from "./answers.ts";
import { largestSmallChange } from "./choices.ts";

export const percent = (share: number): string => formatValue(share, "share");

/** A difference of rates, in percentage points with its sign. */
export const points = (difference: number): string => {
  const rounded = Math.round(100 * difference);
  return `${rounded > 0 ? "+" : rounded < 0 ? "−" : ""}${Math.abs(rounded)} points`;
};

/** The headlines' margin of a refusal rate. */
export const smallChange = `${Math.round(100 * largestSmallChange)} points`;

/** e.g. `95% interval 31% to 54%`. */
export function between(interval: Interval | null, level: number, say: (value: number) => string): string {
  if (interval === null) return "no interval";
  return `${percent(level)} interval ${say(interval[0])} to ${say(interval[1])}`;
}

export const tierName = (tier: Tier): string => tierWords[tier].toLowerCase();
export const templateName = (template: Template): string =>
  template === "chat" ? "with the chat template" : "as bare text";

/** e.g. ` 3 of 96 answers could not be judged (2 incoherent, 1 empty) and count as not refused.`; an empty text if all could. */
export function unjudgedClause(answers: readonly Answer[]): string {
  const without = answers.filter(isUnjudged);
  if (without.length === 0) return "";
  const unread = without.filter(isUnread).length;
  const reasons = outcomes.map((outcome: Outcome) => ({
    why: outcomeWords[outcome].toLowerCase(),
    count: without.filter((answer) => answer.verdict.outcome === outcome && !isUnread(answer)).length,
  }));
  const counts = [...reasons, { why: "in a language that the judge does not read", count: unread }]
    .filter(({ count }) => count > 0)
    .map(({ count, why }) => `${count} ${why}`);
  return ` ${without.length} of ${answers.length} answers could not be judged (${counts.join(", ")}) and count as not refused.`;
}
