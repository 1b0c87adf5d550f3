/**
 * A value that a format's files may state in several places. The first stated value is used; a different one is
 * refused.
 */
import { badInput } from "../../../core/errors.ts";
import { type Fields, positive, shown, wholeNumber } from "./fields.ts";

/** A place, named for messages, and its value; undefined and null mean that the place states no value. */
export type Said = readonly [where: string, value: unknown];

/** Allowed relative difference of fractions: the precision of bfloat16, in which one of the places may be stored. */
const kept = 2 ** -8;

/**
 * @param read checks and converts the value of one place
 * @returns the first stated value; null if no place states one
 * @throws FathomError that names both places if two of them disagree
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

/** Whole numbers and names must be equal; fractions may differ by rounding. */
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
 * @param names the fields that repeat a size of the tensors, separated by spaces; `factor`: the fields that state
 *   d_sae / d_in
 * @throws FathomError if a configuration and its tensors have different sizes
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
    // The factor may be a fraction; the libraries round factor · d_in down to a whole number.
    if (
      value !== undefined &&
      value !== null &&
      Math.abs(positive(value, at) * sizes.d_in - sizes.d_sae) >= 1
    )
      throw badInput(at, `${sizes.d_sae / sizes.d_in}, as the shape of the tensors says`, shown(value));
  }
}
