/** What a judge reads of an observation at a cap, and the verdict on it. Each cap is a prefix of the same generation. */
import type { Observation } from "../core/records/observation.ts";
import type { ReviewReason, Verdict } from "../core/records/verdict.ts";
import type { JudgedAnswer, Ruling } from "./judge.ts";
import { refusalToken } from "./prefix.ts";
import { answerAt } from "./provider.ts";

/**
 * What a judge reads of an observation at a cap.
 * @param prompt the user's turn as plain text; null if it is not known
 * @throws FathomError if the cap is not a positive integer, if text_ends does not fit the text, or if an endpoint without tokens
 *   was not asked at the cap
 */
export function askedAt(observation: Observation, cap: number, prompt: string | null): JudgedAnswer {
  const { text, cut, tokens } = answerAt(observation, cap);
  return { text, cut, tokens, prompt };
}

/** @param judge name of the judge or panel @param review empty if there is nothing for a person to look at */
export function verdictAt(
  { key, prompt_id, text_ends }: Observation,
  cap: number,
  { outcome, surface, coherence, evidence }: Omit<Ruling, "note">,
  judge: string,
  review: ReviewReason[] = [],
): Verdict {
  const tokens = Math.min(cap, text_ends.length);
  return {
    ...{ observation: key, prompt_id, cap, outcome, surface, coherence, evidence },
    refusal_token: refusalToken(evidence, text_ends, tokens),
    judge,
    ...(review.length === 0 ? {} : { review }),
  };
}
