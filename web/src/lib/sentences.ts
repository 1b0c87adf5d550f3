/** Sentences that the page makes itself, where a chart shows many findings at once. */

import { formatValue, listed } from "../../../src/core/format.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import { type Template, tierWords } from "../../../src/core/records/words.ts";

const through: Record<Template, string> = { chat: "Through its chat template", none: "Asked as bare text" };

/** What the rates of one template come to at the largest cap; intervals and n are in the chart that it heads. */
export function ratesSentence(rates: readonly Finding[], template: Template, cap: number): string {
  const parts = rates.flatMap((finding) => {
    const { about } = finding;
    if (about.kind !== "refusal_rate" || about.template !== template || about.cap !== cap) return [];
    const tier = tierWords[about.tier].toLowerCase();
    return finding.estimate === null
      ? [`an undetermined share of ${tier}`]
      : [`${formatValue(finding.estimate, finding.unit)} of ${tier}`];
  });
  return parts.length === 0
    ? `${through[template]}, nothing was measured at ${cap} tokens.`
    : `${through[template]}, judged at ${cap} tokens, it refuses ${listed(parts)} prompts.`;
}

/** The first of these findings that says something, or that nothing could be said. */
export function firstSentence(findings: readonly Finding[]): string {
  const [first] = findings.toSorted(
    (a, b) => Number(a.status === "undetermined") - Number(b.status === "undetermined"),
  );
  if (first === undefined) return "No finding speaks of this.";
  // Why something is undetermined says little without what was asked.
  return first.status === "undetermined" ? `${first.question} ${first.sentence}` : first.sentence;
}

/** The first sentence, to be read at a glance, and the rest with its numbers; a point inside a number ends nothing. */
export function splitSentence(text: string): [first: string, rest: string] {
  const end = /[.!?](?=\s+[\p{Lu}\d])/u.exec(text);
  if (end === null) return [text, ""];
  return [text.slice(0, end.index + 1), text.slice(end.index + 1).trim()];
}
