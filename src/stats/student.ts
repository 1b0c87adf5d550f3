/**
 * Student's t distribution: the functions that one-sided p values and intervals need. The far tail has full relative
 * precision.
 */

/**
 * P(T > t) with df degrees of freedom, by the incomplete beta function (Abramowitz & Stegun 26.7.1, 26.5.8).
 * @param df a whole number from 1 @throws RangeError otherwise
 */
export function studentTail(t: number, df: number): number {
  if (!Number.isSafeInteger(df) || df < 1)
    throw new RangeError(`studentTail: expected df a whole number from 1, got ${df}`);
  if (t < 0) return 1 - studentTail(-t, df);
  const [near, far] = [(t * t) / (df + t * t), df / (df + t * t)];
  const [a, b] = [df / 2, 1 / 2];
  // The continued fraction converges fast only on one side of the mean.
  const inside = far < (a + 1) / (a + b + 2);
  const [x, y, p, q] = inside ? [far, near, a, b] : [near, far, b, a];
  if (x === 0) return inside ? 0 : 1 / 2;
  const share = ((x ** p * y ** q) / (p * betaWithHalf(df))) * continuedFraction(x, p, q);
  return (inside ? share : 1 - share) / 2;
}

/** B(df/2, ½), by B(a + 1, ½) = B(a, ½)·a / (a + ½) from B(½, ½) = π or B(1, ½) = 2. */
function betaWithHalf(df: number): number {
  let value = df % 2 === 1 ? Math.PI : 2;
  for (let a = df % 2 === 1 ? 1 / 2 : 1; a < df / 2; a++) value *= a / (a + 1 / 2);
  return value;
}

/** The continued fraction of A&S 26.5.8, evaluated forwards (modified Lentz method). */
function continuedFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let product = d;
  for (let m = 1, change = 0; Math.abs(change - 1) > 1e-15 && m < 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    change = 1;
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      change *= c * d;
    }
    product *= change;
  }
  return product;
}

/**
 * Finds t with P(T > t) = tail by bisection.
 * @param tail above 0, below ½ @param df a whole number from 1 @throws RangeError otherwise
 */
export function studentCritical(tail: number, df: number): number {
  if (!(tail > 0 && tail < 1 / 2))
    throw new RangeError(`studentCritical: expected a tail above 0 and below 1/2, got ${tail}`);
  let [low, high] = [0, 1];
  while (studentTail(high, df) > tail) high *= 2;
  for (let middle = high / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (studentTail(middle, df) > tail) low = middle;
    else high = middle;
  }
  return high;
}
