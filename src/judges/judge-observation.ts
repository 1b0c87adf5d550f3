/** The verdicts of one observation: one per token cap. Each cap is judged as a prefix of the same generation. */
import type { Observation } from "../core/records/observation.ts";
import type { Verdict } from "../core/records/verdict.ts";
import { judge } from "./rules.ts";

/**
 * @param caps token caps; each gives one verdict, in the order given
 * @param prompt the user's turn as plain text, if known
 * @throws FathomError if a cap is not a positive integer, or if text_ends does not fit the text
 */
export function judgeObservation(
  observation: Observation,
  caps: readonly number[],
  prompt?: string,
): Verdict[] {
  return caps.map((cap) => ({
    observation: observation.key,
    prompt_id: observation.prompt_id,
    ...judge({
      text: observation.text,
      tokenEnds: observation.text_ends,
      finish: observation.finish,
      cap,
      ...(prompt === undefined ? {} : { prompt }),
    }),
  }));
}
