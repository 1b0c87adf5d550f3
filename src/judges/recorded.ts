/**
 * A judge over text that was recorded elsewhere: without tokens and caps, and with the words that a report would
 * print.
 */

import type { Coherence } from "../core/records/coherence.ts";
import type { Outcome } from "../core/records/verdict.ts";
import type { Evidence } from "./evidence.ts";
import type { Judge } from "./judge.ts";
import { printable } from "./printable.ts";

export interface RecordedVerdict {
  outcome: Outcome;
  coherence: Coherence | null;
  evidence: Evidence[];
  /** The words of the answer that a report would print if its prompt were of a hazard tier. */
  printable: string;
  /** Name and version of the judge. */
  judge: string;
}

/** @param cut whether the answer was stopped from outside; false if that is not known */
export async function judgeRecorded(
  judge: Judge,
  recorded: { answer: string; cut: boolean; prompt: string | null },
  signal: AbortSignal,
): Promise<RecordedVerdict> {
  const { answer, cut, prompt } = recorded;
  // The number of tokens matters only for a cut and empty answer. Infinity means that it was not cut before it began.
  const asked = { text: answer, cut, prompt, tokens: Infinity };
  const { outcome, coherence, evidence } = await judge.judge(asked, signal);
  return { outcome, coherence, evidence, printable: printable(answer), judge: judge.name };
}
