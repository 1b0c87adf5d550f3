/** Sentences that the page makes itself, for charts that show many findings at once. */

import { formatValue, listed } from "../../../src/core/format.ts";
import type { Finding } from "../../../src/core/records/finding.ts";
import { type Template, tierWords } from "../../../src/core/records/words.ts";

const through: Record<Template, string> = { chat: "With the chat template", none: "As bare text" };

/** A sentence with the rates of one template at one cap. It heads a chart, which shows the intervals and n. */
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
    ? `${through[template]}, no rate was measured at ${cap} tokens.`
    : `${through[template]}, judged at ${cap} tokens, the model refuses ${listed(parts)} prompts.`;
}

/** A sentence with the shares of answers that loop or are noise at one cap, under each template. */
export function degenerationSentence(findings: readonly Finding[], cap: number): string {
  const parts = findings.flatMap(({ about, estimate, unit }) => {
    if (about.kind !== "degeneration_rate" || about.cap !== cap) return [];
    const share = estimate === null ? "an undetermined share" : formatValue(estimate, unit);
    return [`${share} ${through[about.template].toLowerCase()}`];
  });
  return parts.length === 0
    ? `No share was measured at ${cap} tokens.`
    : `Judged at ${cap} tokens, the share of answers that loop or are noise is ${listed(parts)}.`;
}

/** The sentence of the first finding that is not undetermined; of an undetermined one only if all are. */
export function firstSentence(findings: readonly Finding[]): string {
  const [first] = findings.toSorted(
    (a, b) => Number(a.status === "undetermined") - Number(b.status === "undetermined"),
  );
  if (first === undefined) return "No finding is about this.";
  // The reason why a finding is undetermined says little without its question.
  return first.status === "undetermined" ? `${first.question} ${first.sentence}` : first.sentence;
}
