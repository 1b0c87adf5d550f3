/**
 * A judge over text that was recorded elsewhere: without tokens and caps, and with the words that a report would
 * print. A reasoning model's thought at the beginning of the text is not judged.
 */
import { splitReasoning } from "../core/channels.ts";
import type { Coherence } from "../core/records/coherence.ts";
import type { Outcome } from "../core/records/verdict.ts";
import type { JudgedAnswer, Ruling } from "./judge.ts";
import { printable } from "./printable.ts";
import type { Evidence } from "./rules/evidence.ts";

export interface RecordedVerdict {
  outcome: Outcome;
  coherence: Coherence | null;
  evidence: Evidence[];
  /** The words of the answer that a report would print if its prompt were of a hazard tier. */
  printable: string;
  /** Name and version of the judge. */
  judge: string;
}

export interface Recorded {
  /** The text as it was recorded; it may begin with a thought. */
  answer: string;
  /** Whether the answer was stopped from outside; false if that is not known. */
  cut: boolean;
  prompt: string | null;
  /** The thought that was recorded beside the text; null if there is none. */
  reasoning: string | null;
}

/** @returns what a judge reads of it, and where that begins in the text as it was recorded */
export function askedOf(recorded: Recorded): { asked: JudgedAnswer; start: number } {
  const { answer: text, start, ...thought } = splitReasoning(recorded.answer);
  const reasoning = thought.reasoning ?? recorded.reasoning;
  const cut = recorded.cut || thought.cut;
  // The number of tokens matters only for a cut and empty answer. Behind a thought the answer was cut before it began.
  // Otherwise Infinity says that it was not.
  const tokens = reasoning !== null && text.trim() === "" ? 0 : Infinity;
  return { asked: { text, cut, prompt: recorded.prompt, tokens }, start };
}

/** @returns offsets count in the text as it was recorded, the thought included */
export function recordedVerdict(
  { asked, start }: { asked: JudgedAnswer; start: number },
  { outcome, coherence, evidence }: Pick<Ruling, "outcome" | "coherence" | "evidence">,
  judge: string,
): RecordedVerdict {
  return {
    outcome,
    coherence:
      coherence === null || coherence.from === null
        ? coherence
        : { ...coherence, from: coherence.from + start },
    evidence: evidence.map((one) => ({ ...one, start: one.start + start, end: one.end + start })),
    printable: printable(asked.text),
    judge,
  };
}
