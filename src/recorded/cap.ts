/**
 * The token cap of recorded answers. They are judged whole, because no format says where tokens end. So the cap is a number of
 * tokens that no answer exceeds.
 */
import { badInput } from "../core/errors.ts";
import type { RecordedUnit, Recording } from "./recording.ts";

/**
 * Where the cap comes from. stated: the user said it; limit: the file says what was allowed; tokens: the longest answer's, as
 * counted in the file; bytes: of the longest answer, since no text has more tokens than bytes.
 */
export const capSources = ["stated", "limit", "tokens", "bytes"] as const;
export type CapSource = (typeof capSources)[number];

/**
 * @param stated the user's cap, or null
 * @throws FathomError if the user's cap is below the tokens of an answer
 */
export function capOf(
  { units, limit }: Pick<Recording, "units" | "limit">,
  stated: number | null,
): { cap: number; from: CapSource } {
  // Tokens of a thought do not count, and are not told apart.
  const longest = units.filter(isPlain).toSorted((a, b) => b.tokens! - a.tokens!)[0];
  if (stated !== null) {
    if (longest !== undefined && longest.tokens! > stated)
      throw badInput(
        "--caps",
        `at least ${longest.tokens}, the tokens of the answer at ${longest.where}: recorded answers cannot be cut`,
        String(stated),
        `--caps ${longest.tokens}, or no --caps`,
      );
    return { cap: stated, from: "stated" };
  }
  if (limit !== null) return { cap: limit, from: "limit" };
  if (units.every(({ tokens }) => tokens !== null))
    return { cap: Math.max(1, ...units.map(({ tokens }) => tokens!)), from: "tokens" };
  return { cap: Math.max(1, ...units.map(({ text }) => Buffer.byteLength(text))), from: "bytes" };
}

const isPlain = ({ tokens, reasoning }: RecordedUnit): boolean => tokens !== null && reasoning === null;
