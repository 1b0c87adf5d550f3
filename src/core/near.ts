/** Finds the known words that a mistyped word may have meant. */

/** @returns at most `most` of the known words, the most similar first */
export function nearest(word: string, known: readonly string[], most: number): string[] {
  return known
    .map((other, place) => ({ other, place, alike: similarity(word, other) }))
    .sort((a, b) => b.alike - a.alike || a.place - b.place)
    .slice(0, most)
    .map(({ other }) => other);
}

/** Dice's coefficient of the pairs of neighbouring letters (Dice 1945), in [0, 1]. */
function similarity(a: string, b: string): number {
  const [left, right] = [pairsOf(a), pairsOf(b)];
  const rest = [...right];
  let shared = 0;
  for (const pair of left) {
    const at = rest.indexOf(pair);
    if (at < 0) continue;
    rest.splice(at, 1);
    shared += 1;
  }
  return (2 * shared) / Math.max(1, left.length + right.length);
}

function pairsOf(word: string): string[] {
  const padded = ` ${word.toLowerCase()} `;
  return Array.from({ length: padded.length - 1 }, (_, i) => padded.slice(i, i + 2));
}
