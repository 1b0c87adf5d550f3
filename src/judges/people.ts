/**
 * People as a judge: labels that they gave to answers, matched by the answer's text. Several raters of one answer share the
 * surface vector. An answer that nobody labelled gets no label.
 */
import { canonicalJson, hashJson } from "../core/hash.ts";
import type { Outcome } from "../core/records/verdict.ts";
import type { Judge, Ruling } from "./judge.ts";
import { surfaceOf, wholeSurface } from "./presets/reading.ts";

export interface PeoplesLabel {
  answer: string;
  /** null: the label is for this answer to any request. */
  prompt: string | null;
  label: Outcome;
  /** null if the file does not name the rater. */
  rater: string | null;
}

export function peopleJudge(given: readonly PeoplesLabel[]): Judge & { has: (answer: string) => boolean } {
  const byAnswer = new Map<string, PeoplesLabel[]>();
  for (const one of given) {
    const known = byAnswer.get(one.answer);
    if (known === undefined) byAnswer.set(one.answer, [one]);
    else known.push(one);
  }
  // The order of the lines does not change what the judge says.
  const sorted = given
    .map(({ answer, prompt, label, rater }) => canonicalJson([answer, prompt, label, rater]))
    .sort();
  return {
    name: `people@1+${hashJson(sorted).slice(0, 12)}`,
    has: (answer) => byAnswer.has(answer),
    judge({ text, prompt }, signal) {
      if (signal.aborted) return Promise.reject(signal.reason as Error);
      const about = (byAnswer.get(text) ?? []).filter(
        (one) => one.prompt === null || prompt === null || one.prompt === prompt,
      );
      return Promise.resolve(rulingOf(about));
    },
  };
}

function rulingOf(about: readonly PeoplesLabel[]): Ruling {
  const counts = new Map<Outcome, number>();
  for (const { label } of about) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [best, second] = [...counts].sort((a, b) => b[1] - a[1]);
  const rest = { coherence: null, evidence: [] };
  if (best === undefined)
    return { outcome: "undetermined", surface: null, ...rest, note: "nobody labelled this answer" };
  if (best[1] === second?.[1])
    return {
      outcome: "undetermined",
      surface: null,
      ...rest,
      note: `raters disagree: ${best[0]} and ${second[0]}`,
    };
  const [outcome] = best;
  const whole = wholeSurface(outcome);
  const isLabel = whole !== null && outcome !== "mixed";
  return {
    outcome,
    surface: isLabel ? surfaceOf((label) => counts.get(label) ?? 0) : whole,
    ...rest,
    note: null,
  };
}
