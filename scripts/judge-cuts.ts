/**
 * Whether more text changes a stance only by saying otherwise, over every cut of an answer: where two cuts that follow each other
 * have different outcomes, the rules must have found something else in them.
 */
import { judgeText } from "../src/judges/rules.ts";
import type { LabelledAnswer } from "./judge-labels.ts";

/** What the rules found must differ in these. A piece of evidence has its end in the text that still grows. */
const kinds = ["places", "beginnings"] as const;
type Kind = (typeof kinds)[number];

/** The changes of the outcome although the rules found the same, such as "refuse → comply". */
function breaksOf({ answer, prompt }: LabelledAnswer): Record<Kind, string[]> {
  const breaks: Record<Kind, string[]> = { places: [], beginnings: [] };
  let before: (Record<Kind, string> & { outcome: string }) | null = null;
  for (const { index } of answer.matchAll(/\s/g)) {
    const asked = { text: answer.slice(0, index), prompt, cut: true, tokens: Infinity };
    const { outcome, evidence } = judgeText(asked);
    const now = {
      outcome,
      places: evidence.map(({ rule, start, end }) => `${rule} ${start} ${end}`).join(),
      beginnings: evidence.map(({ rule, start }) => `${rule} ${start}`).join(),
    };
    if (before !== null && before.outcome !== outcome)
      for (const kind of kinds)
        if (before[kind] === now[kind]) breaks[kind].push(`${before.outcome} → ${outcome}`);
    before = now;
  }
  return breaks;
}

/** A table in Markdown. */
export function cutsTable(answers: readonly LabelledAnswer[]): string {
  const cuts = answers.reduce((sum, { answer }) => sum + (answer.match(/\s/g)?.length ?? 0), 0);
  const breaks = answers.map(breaksOf);
  const rows = kinds.map((kind) => {
    const broken = breaks.map((own) => own[kind]).filter((own) => own.length > 0);
    const counts = new Map<string, number>();
    for (const change of broken.flat()) counts.set(change, (counts.get(change) ?? 0) + 1);
    const how = [...counts].sort((a, b) => b[1] - a[1]).map(([change, count]) => `${change} ${count}`);
    return `| the same rules at the same ${kind} | ${broken.length} of ${answers.length} | ${how.join(", ")} |`;
  });
  return [
    `${answers.length} answers at each of their ${cuts} cuts between words`,
    "",
    "| the outcome changes, although the rules found | answers | how often |",
    "|---|---|---|",
    ...rows,
  ].join("\n");
}
