/** Rows of unequal lengths in one call, and how many calls are kept at once. */

/**
 * Repeats the last token up to a length. Padding with zeros would do for the values, but the gradient of a norm is not
 * finite at a row of zeros, and zero times infinity would reach the tokens before it.
 */
export function padded(ids: readonly number[], length: number): readonly number[] {
  return Array.from({ length }, (_, t) => ids[Math.min(t, ids.length - 1)]!);
}

/**
 * The first n of `width` numbers of some tokens, [tokens, n].
 * @param values [all tokens, width]
 * @param first the first of the tokens
 */
export function firstOfEach(
  values: Float32Array,
  { width, n, first, tokens }: { width: number; n: number; first: number; tokens: number },
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(tokens * n);
  for (let t = 0; t < tokens; t++) {
    const from = (first + t) * width;
    out.set(values.subarray(from, from + n), t * n);
  }
  return out;
}

/** Consecutive items in groups, of which each weighs at most `most`, unless a single item weighs more. */
export function inGroups<Item>(
  items: readonly Item[],
  weightOf: (item: Item) => number,
  most: number,
): Item[][] {
  const groups: Item[][] = [];
  let held = Infinity;
  for (const item of items) {
    const own = weightOf(item);
    if (held + own > most) {
      groups.push([]);
      held = 0;
    }
    groups.at(-1)!.push(item);
    held += own;
  }
  return groups;
}
