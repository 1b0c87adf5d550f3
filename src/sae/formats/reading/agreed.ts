/** What a format's files say in more than one place: taken from the first that says it, refused where another says otherwise. */
import { badInput } from "../../../core/errors.ts";
import { type Fields, positive, shown, wholeNumber } from "./fields.ts";

/** A place, for messages, and what it says; undefined and null say nothing. */
export type Said = readonly [where: string, value: unknown];

/** As much as is kept of a number that was stored as bfloat16 in one of the places. */
const kept = 2 ** -8;

/**
 * @param read checks one place's value
 * @returns what they say; null where none says anything
 * @throws FathomError naming both places, where two disagree
 */
export function agreed<T extends number | string>(
  read: (value: unknown, where: string) => T,
  ...said: readonly Said[]
): T | null {
  let first: { where: string; value: T } | null = null;
  for (const [where, value] of said) {
    if (value === undefined || value === null) continue;
    const found = read(value, where);
    first ??= { where, value: found };
    if (!same(first.value, found))
      throw badInput(where, `${first.value}, as ${first.where} says`, shown(found));
  }
  return first?.value ?? null;
}

/** Whole numbers and names to the letter; fractions up to rounding. */
function same(one: number | string, other: number | string): boolean {
  if (
    typeof one === "string" ||
    typeof other === "string" ||
    (Number.isInteger(one) && Number.isInteger(other))
  )
    return one === other;
  return Math.abs(one - other) <= kept * Math.max(Math.abs(one), Math.abs(other));
}

/**
 * @param names of the fields that repeat a size of the tensors, apart by spaces; `factor` says d_sae / d_in
 * @throws FathomError when a configuration and its tensors have different sizes
 */
export function requireSizes(
  sizes: { d_in: number; d_sae: number },
  fields: Fields,
  where: string,
  names: { d_in?: string; d_sae?: string; factor?: string },
): void {
  const said = (list: string | undefined) =>
    (list?.split(" ") ?? []).map((name): Said => [`${where} ${name}`, fields[name]]);
  const size = (value: unknown, at: string) => wholeNumber(value, at, 0);
  agreed(size, ["the shape of the tensors", sizes.d_in], ...said(names.d_in));
  agreed(size, ["the shape of the tensors", sizes.d_sae], ...said(names.d_sae));
  for (const [at, value] of said(names.factor)) {
    // Written as a fraction too, of which the libraries keep the whole part.
    if (
      value !== undefined &&
      value !== null &&
      Math.abs(positive(value, at) * sizes.d_in - sizes.d_sae) >= 1
    )
      throw badInput(at, `${sizes.d_sae / sizes.d_in}, as the shape of the tensors says`, shown(value));
  }
}
