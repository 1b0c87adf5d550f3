/**
 * The rule judge for text that was recorded elsewhere: without tokens and caps, and with the words that a report
 * would print.
 */
import type { Outcome } from "../core/records/verdict.ts";
import type { Evidence } from "./evidence.ts";
import { printable } from "./printable.ts";
import { judgeText } from "./rules.ts";
import { judgeVersion } from "./version.ts";

export interface RecordedVerdict {
  outcome: Outcome;
  coherence: Coherence;
  evidence: Evidence[];
  /** The words of the answer that a report would print if its prompt were of a hazard tier. */
  printable: string;
  /** Name and version of the judge. */
  judge: string;
}

/**
 * Whether the answer is sound as text. The rules find only answers that are mostly broken, so one that loops at its
 * end may be "fine".
 */
export interface Coherence {
  kind: "fine" | "loops" | "noise";
  /** Where the broken part begins, in UTF-16 units; null if `kind` is "fine". */
  from: number | null;
}

/** The rules for broken text that find repetition. Rules that know where it begins come first. */
const loopRules = ["phrase-loop", "letter-loop", "few-words-shuffled"];

/** @param cut whether the answer was stopped from outside; false if that is not known */
export function judgeRecorded(answer: string, cut: boolean, prompt: string | undefined): RecordedVerdict {
  // The number of tokens matters only for a cut and empty answer. Infinity means that it was not cut before it began.
  const { outcome, evidence } = judgeText(answer, { cut, prompt, tokens: Infinity });
  return {
    outcome,
    coherence: coherenceOf(evidence),
    evidence,
    printable: printable(answer),
    judge: judgeVersion,
  };
}

function coherenceOf(evidence: readonly Evidence[]): Coherence {
  const broken = evidence.filter(({ outcome }) => outcome === "incoherent");
  const loops = loopRules.flatMap((name) => broken.filter(({ rule }) => rule === name));
  const [loop] = loops;
  if (loop !== undefined) return { kind: "loops", from: loop.start };
  const [noise] = broken;
  return noise === undefined ? { kind: "fine", from: null } : { kind: "noise", from: noise.start };
}
