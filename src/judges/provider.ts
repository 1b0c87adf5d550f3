/**
 * Answers of a model behind an endpoint. An endpoint that gives no tokens was asked once per cap, so an answer at a cap is one of
 * its own. And a provider can say itself that the answer was withheld or is a refusal; no judge is asked then.
 */
import { badInput } from "../core/errors.ts";
import type { Observation } from "../core/records/observation.ts";
import type { JudgedAnswer, Ruling } from "./judge.ts";
import { prefixAt } from "./prefix.ts";
import { surfaceOf } from "./surface.ts";

type Answer = Pick<Observation, "text" | "text_ends" | "finish" | "capped">;

/** @throws FathomError for a cap that is no positive integer, or at which an endpoint without tokens was not asked */
export function answerAt(
  { text, text_ends: tokenEnds, finish, capped }: Answer,
  cap: number,
): Omit<JudgedAnswer, "prompt"> & Pick<Observation, "finish"> {
  // A refusal in the reply's own field is not cut at caps: nobody knows its tokens.
  if (finish === "refused") return { text, finish, cut: false, tokens: Infinity };
  if (capped === undefined) return { ...prefixAt({ text, tokenEnds, finish, cap }), finish };
  const own = capped.find((one) => one.cap === cap);
  if (own === undefined)
    throw badInput(
      "judge: cap",
      `one of ${capped.map((one) => one.cap).join(", ")}, at which the endpoint was asked`,
      String(cap),
      "an audit with this cap, into a new folder",
    );
  const tokens = own.text === "" ? 0 : Infinity;
  return { text: own.text, finish: own.finish, cut: own.finish !== "stop", tokens };
}

/**
 * The ruling that the reply itself gives; null if judges must read the text. A provider that cuts an answer off leaves text,
 * which is judged.
 */
export function saidByProvider(answer: Answer, cap: number): Ruling | null {
  const { text, finish } = answerAt(answer, cap);
  const none = { coherence: null, note: null };
  if (finish === "blocked" && text === "")
    return { ...none, outcome: "blocked", surface: null, evidence: [] };
  if (finish === "refused")
    return {
      ...none,
      outcome: "refuse",
      surface: surfaceOf("refuse", [], new Map()),
      evidence: [{ rule: "refusal-field", outcome: "refuse", start: 0, end: answer.text.length }],
    };
  return null;
}
