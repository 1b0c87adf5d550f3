/** Words and pairs of words of an answer as numbered buckets: the opening, and what follows it, each with a length of 1. */

import { type Marked, statements } from "../rules/evidence.ts";

export const buckets = { opening: 4096, rest: 8192 };
/** How many statements are the opening, and up to which statement the rest is read. */
const reach = { opening: 2, rest: 12 };

export interface Sparse {
  index: number[];
  value: number[];
}

/** @returns buckets of the opening in [0, 4096), then those of the rest in [4096, 12288) */
export function hashed(marked: readonly Marked[]): Sparse {
  const said = statements(marked);
  const out: Sparse = { index: [], value: [] };
  addCounted(out, said.slice(0, reach.opening), 0, buckets.opening);
  addCounted(out, said.slice(reach.opening, reach.rest), buckets.opening, buckets.rest);
  return out;
}

/** Sums of the buckets, and whether anything was added to one; all 0 between two calls. */
const counts = new Int32Array(buckets.opening + buckets.rest);
const seen = new Uint8Array(counts.length);

/** Adds the words and pairs of statements in `size` buckets from `first` on, in the order in which they come. */
function addCounted(out: Sparse, said: readonly Marked[], first: number, size: number): void {
  const touched: number[] = [];
  const add = (hash: number) => {
    const bucket = first + ((hash >>> 1) % size);
    if (seen[bucket] === 0) touched.push(bucket);
    seen[bucket] = 1;
    counts[bucket]! += (hash & 1) === 1 ? 1 : -1;
  };
  let before: number | null = null;
  for (const { segment } of said) {
    const { plain } = segment;
    for (let i = 0; i < plain.length; i++) {
      if (!isUnit(plain.charCodeAt(i))) continue;
      let own = basis;
      let pair = before === null ? 0 : Math.imul(before ^ 0x20, prime);
      for (; i < plain.length && isUnit(plain.charCodeAt(i)); i++) {
        own = Math.imul(own ^ plain.charCodeAt(i), prime);
        pair = Math.imul(pair ^ plain.charCodeAt(i), prime);
      }
      add(folded(own));
      if (before !== null) add(folded(pair));
      before = folded(own);
    }
  }
  let squares = 0;
  for (const bucket of touched) squares += counts[bucket]! ** 2;
  for (const bucket of touched) {
    const count = counts[bucket]!;
    counts[bucket] = 0;
    seen[bucket] = 0;
    if (count === 0) continue;
    out.index.push(bucket);
    out.value.push(count / Math.sqrt(squares));
  }
}

/** FNV-1a over UTF-16 units, 32 bits. */
const [basis, prime] = [0x811c9dc5, 0x01000193];
/** The lowest bits of FNV mix least, so the high half is folded in. */
const folded = (hash: number): number => (hash ^ (hash >>> 15)) >>> 0;

/** A letter, a digit or an apostrophe. */
const isUnit = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 39;
