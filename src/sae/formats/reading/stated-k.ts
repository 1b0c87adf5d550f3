/** Finds k, the number of active features per token of a TopK file: from the file, or from --k. */
import { badInput } from "../../../core/errors.ts";
import { agreed, type Said } from "./agreed.ts";
import { wholeNumber } from "./fields.ts";
import type { Given } from "./format.ts";

/**
 * @param path of the file, for messages
 * @param given k of the caller, used if no place states k
 * @param said places of the file that may state k; the first stated value is used
 * @throws FathomError if two places disagree, and if neither file nor caller gives k: k is never assumed
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
      "--k N, with the number that its makers state",
    );
  }
  return { k, notes: inFile === null ? [`k = ${k} was given (--k, or k in a plan); no file says it.`] : [] };
}
