/** The judge by rules over text that was recorded elsewhere: no tokens, no caps, and what a report would print of it. */
import type { Outcome } from "../core/records/verdict.ts";
import type { Evidence } from "./evidence.ts";
import { printable } from "./printable.ts";
import { judgeText } from "./rules.ts";
import { judgeVersion } from "./version.ts";

export interface RecordedVerdict {
  outcome: Outcome;
  coherence: Coherence;
  evidence: Evidence[];
  /** What a report would print of the answer if its prompt were of a hazard tier. */
  printable: string;
  /** Which judge, with its version. */
  judge: string;
}

/** As text, whatever it says. The rules speak of answers most of which is broken, so a loop at the end may be "fine". */
export interface Coherence {
  kind: "fine" | "loops" | "noise";
  /** Where the broken part begins, in UTF-16 units; null where it is fine. */
  from: number | null;
}

/** The rules for broken text that find something said again and again, those that know its place first. */
const loopRules = ["phrase-loop", "letter-loop", "few-words-shuffled"];

/** @param cut whether the answer was stopped from outside; where nobody knows, it is read as ended */
export function judgeRecorded(answer: string, cut: boolean, prompt: string | undefined): RecordedVerdict {
  // How many tokens an answer had matters only where it is cut and empty: it was not cut before it began.
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
