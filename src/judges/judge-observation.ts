/** The verdicts of one observation: one per token cap. Each cap is judged as a prefix of the same generation. */
import type { Observation } from "../core/records/observation.ts";
import type { Verdict } from "../core/records/verdict.ts";
import type { Judge } from "./judge.ts";
import { prefixAt, refusalToken } from "./prefix.ts";

/**
 * @param caps token caps; each gives one verdict, in the order given
 * @param prompt the user's turn as plain text; null if it is not known
 * @throws FathomError if a cap is not a positive integer, if text_ends does not fit the text, or if the judge fails
 */
export async function judgeObservation(
  judge: Judge,
  observation: Observation,
  caps: readonly number[],
  prompt: string | null,
  signal: AbortSignal,
): Promise<Verdict[]> {
  const { key, prompt_id, text, text_ends: tokenEnds, finish } = observation;
  const verdicts: Verdict[] = [];
  for (const cap of caps) {
    const prefix = prefixAt({ text, tokenEnds, finish, cap });
    const { outcome, surface, coherence, evidence } = await judge.judge({ ...prefix, prompt }, signal);
    verdicts.push({
      ...{ observation: key, prompt_id, cap, outcome, surface, coherence, evidence },
      refusal_token: refusalToken(evidence, tokenEnds, prefix.tokens),
      judge: judge.name,
    });
  }
  return verdicts;
}
