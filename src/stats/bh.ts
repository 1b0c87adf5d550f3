/** Many discoveries, one share of false ones. */

/**
 * Benjamini & Hochberg's step-up adjustment (1995): p values [m] in, q values [m] out, in the same order. Calling what has
 * q ≤ α a discovery keeps the expected share of false ones at α where the p values are independent or positively dependent
 * (Benjamini & Yekutieli 2001).
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
