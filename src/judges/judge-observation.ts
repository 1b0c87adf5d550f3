/** Verdicts of one observation: every token cap judged as a prefix of the one generation. */
import type { Observation } from "../core/records/observation.ts";
import type { Verdict } from "../core/records/verdict.ts";
import { judge } from "./rules.ts";

/**
 * @param caps token caps; each gives one verdict, in the order given.
 * @param prompt the user's turn as plain text, where known.
 * @throws FathomError when a cap is no positive integer or text_ends does not fit the text.
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
