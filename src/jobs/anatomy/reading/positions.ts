/** The positions behind the user's text, found from the chat template. */
import { badInput } from "../../../core/errors.ts";
import { commonEnd } from "./common-start.ts";

/** Texts that begin and end differently, so that only the template's own tokens are the same behind all of them. */
export const probes = [
  "Marle orrin",
  "Tessa wend?",
  "7 hale.",
  "vendo 12",
  "Pell irra!",
  "(orla)",
  "halen\n",
  "“Wend”",
];

/**
 * @param encode the tokens of a conversation in which the user says a text, up to where the answer begins
 * @returns the positions of the tokens after the user's text, counted from the end: [-n, …, -1]
 * @throws FathomError if the tokens end with the user's text: there is no template, or it writes nothing behind the text
 */
export function postInstructionPositions(encode: (text: string) => readonly number[]): number[] {
  const count = commonEnd(probes.map((text) => encode(text)));
  if (count === 0)
    throw badInput(
      "positions",
      "tokens of the chat template after the user's text",
      "none",
      "--positions -1",
    );
  return Array.from({ length: count }, (_, i) => i - count);
}
