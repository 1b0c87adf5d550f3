/**
 * The sequence score: how probable the beginnings of the model's own refusals are after a prompt. It needs no deciding
 * position, because it reads every token of the beginnings.
 */

/** A beginning of refusals, and the share of the refusals (among those with a kept beginning) that have it. */
export interface WeightedPrefix {
  ids: readonly number[];
  weight: number;
}

/** Tokens of a beginning: enough for "I'm sorry, but". */
export const sequenceLength = 4;
/** The most beginnings that are kept. Each costs one more run of every prompt. */
export const mostSequences = 4;

/**
 * @param refusals tokens of refusing answers, at least one that is not empty
 * @returns the most common beginnings, the most common first; their weights sum to 1
 */
export function refusalPrefixes(refusals: readonly (readonly number[])[]): WeightedPrefix[] {
  const found = new Map<string, { ids: readonly number[]; count: number }>();
  for (const answer of refusals) {
    const ids = answer.slice(0, sequenceLength);
    if (ids.length === 0) continue;
    const known = found.get(ids.join());
    if (known === undefined) found.set(ids.join(), { ids, count: 1 });
    else known.count++;
  }
  // The sort keeps the order of equal ones, which is that of the answers.
  const kept = [...found.values()].sort((a, b) => b.count - a.count).slice(0, mostSequences);
  const total = kept.reduce((sum, { count }) => sum + count, 0);
  return kept.map(({ ids, count }) => ({ ids, weight: count / total }));
}

/**
 * Σ weight · (sum, or mean over tokens, of the log probabilities of the beginning's tokens), in nats.
 * @param prefixes [prefixes]
 * @param logProbabilities [prefixes][tokens of the prefix]: of each token after the prompt and the prefix's earlier tokens
 */
export function sequenceScore(
  prefixes: readonly WeightedPrefix[],
  logProbabilities: readonly (readonly number[])[],
  over: "mean" | "sum",
): number {
  let score = 0;
  prefixes.forEach(({ ids, weight }, i) => {
    const sum = logProbabilities[i]!.reduce((all, value) => all + value, 0);
    score += weight * (over === "sum" ? sum : sum / ids.length);
  });
  return score;
}
