/** Limits the share of false discoveries among many tests. */

/**
 * Benjamini & Hochberg's step-up adjustment (1995): p values [m] in, q values [m] out, in the same order. If every
 * test with q ≤ α is called a discovery, the expected share of false ones is at most α, provided that the p values
 * are independent or positively dependent (Benjamini & Yekutieli 2001).
 */
export function benjaminiHochberg(p: readonly number[]): number[] {
  const order = p.map((_, i) => i).sort((a, b) => p[b]! - p[a]!);
  const adjusted = new Array<number>(p.length);
  let running = 1;
  order.forEach((index, rank) => {
    running = Math.min(running, (p.length / (p.length - rank)) * p[index]!);
    adjusted[index] = running;
  });
  return adjusted;
}
