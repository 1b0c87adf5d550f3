/**
 * Coherence: how an answer is written, judged apart from what it does. An answer may answer and then loop. The stance is
 * then judged on the part before the loop.
 */
import type { Coherence } from "../core/records/coherence.ts";
import { loopRules } from "./rules/loops.ts";
import { noiseRules } from "./rules/noise.ts";
import type { Span } from "./rules/rule.ts";
import type { Reading } from "./rules/text.ts";

export interface Broken extends Coherence {
  /** The rule that found it, and where; null if the text is fine. */
  found: { rule: string; span: Span } | null;
}

/** A loop is named before noise, because a rule for loops knows where the loop begins. */
export function coherenceOf(reading: Reading): Broken {
  for (const [kind, rules] of [
    ["loops", loopRules],
    ["noise", noiseRules],
  ] as const)
    for (const rule of rules) {
      const [span] = rule.find(reading);
      if (span !== undefined) return { kind, from: span.start, found: { rule: rule.name, span } };
    }
  return { kind: "fine", from: null, found: null };
}
