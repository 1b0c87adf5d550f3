/** How many features are active on a token, of a file that keeps the k largest: as the file says it, or as it was given with --k. */
import { badInput } from "../../../core/errors.ts";
import { agreed, type Said } from "./agreed.ts";
import { wholeNumber } from "./fields.ts";
import type { Given } from "./format.ts";

/**
 * @param path of the file, for messages
 * @param said places of the file that may say k, in the order of their weight
 * @param given what is taken where they do not
 * @throws FathomError where two of them disagree, and where nobody says it: k is never assumed
 */
export function readK(path: string, given: Given, ...said: readonly Said[]): { k: number; notes: string[] } {
  const inFile = agreed((value, where) => wholeNumber(value, where), ...said);
  const k = inFile ?? given.k;
  if (k === null) {
    const places = said.map(([where]) => where);
    throw badInput(
      places.length === 1 ? places[0]! : `${path} k`,
      `a whole number from 1${places.length === 1 ? "" : `, from ${places.join(" or ")}`}`,
      "none",
      "--k N, as its makers name it",
    );
  }
  return { k, notes: inFile === null ? [`k = ${k} was given (--k, or k in a plan); no file says it.`] : [] };
}
