/** Words and pairs of words of an answer as numbered buckets: the opening, and what follows it, each with a length of 1. */

import { memo } from "../../core/memo.ts";
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
  const said = statements(marked).map(({ segment }) => segment);
  const opening = counted(said.slice(0, reach.opening), buckets.opening);
  const rest = counted(said.slice(reach.opening, reach.rest), buckets.rest);
  return {
    index: [...opening.index, ...rest.index.map((at) => at + buckets.opening)],
    value: [...opening.value, ...rest.value],
  };
}

function counted(segments: readonly { plain: string }[], size: number): Sparse {
  const counts = new Map<number, number>();
  const add = (hash: number) => {
    const bucket = (hash >>> 1) % size;
    counts.set(bucket, (counts.get(bucket) ?? 0) + ((hash & 1) === 1 ? 1 : -1));
  };
  let before: number | null = null;
  for (const { plain } of segments)
    for (const word of wordsOf(plain)) {
      const own = wordHash(word);
      add(own);
      if (before !== null) add(fnv(word, Math.imul(before ^ 0x20, 0x01000193)));
      before = own;
    }
  const kept = [...counts].filter(([, count]) => count !== 0);
  const length = Math.hypot(...kept.map(([, count]) => count));
  return { index: kept.map(([bucket]) => bucket), value: kept.map(([, count]) => count / length) };
}

const wordsOf = memo((plain: string): readonly string[] => plain.match(/[a-z0-9']+/g) ?? []);
const wordHash = memo((word: string) => fnv(word, 0x811c9dc5));

/** FNV-1a over UTF-16 units, 32 bits. */
function fnv(text: string, start: number): number {
  let hash = start;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  // The lowest bits of FNV mix least, so the high half is folded in.
  return (hash ^ (hash >>> 15)) >>> 0;
}
