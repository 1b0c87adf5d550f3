/** The gamma function and the tail of the χ² distribution. */

/** log Γ(x) for x > 0: Stirling's series (Abramowitz & Stegun 6.1.41), behind a shift to x ≥ 10. @throws RangeError for other x */
export function logGamma(x: number): number {
  if (!(x > 0)) throw new RangeError(`logGamma: expected x above 0, got ${x}`);
  let product = 1;
  let y = x;
  for (; y < 10; y++) product *= y;
  const inverse = 1 / (y * y);
  const series =
    (1 / 12 -
      inverse *
        (1 / 360 -
          inverse * (1 / 1260 - inverse * (1 / 1680 - inverse * (1 / 1188 - (inverse * 691) / 360360))))) /
    y;
  return (y - 0.5) * Math.log(y) - y + 0.5 * Math.log(2 * Math.PI) + series - Math.log(product);
}

/**
 * P(X > x) of χ² with df degrees of freedom, by the incomplete gamma function (Abramowitz & Stegun 6.5.29, 6.5.31).
 * @param df above 0 @throws RangeError otherwise
 */
export function chiSquareTail(x: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`chiSquareTail: expected df above 0, got ${df}`);
  if (x <= 0) return 1;
  const [a, y] = [df / 2, x / 2];
  const factor = Math.exp(a * Math.log(y) - y - logGamma(a));
  if (y < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= y / (a + n);
      sum += term;
    }
    return 1 - factor * sum;
  }
  // The continued fraction, forwards (modified Lentz method).
  let b = y + 1 - a;
  let c = Infinity;
  let d = 1 / b;
  let product = d;
  for (let n = 1, change = 0; Math.abs(change - 1) > 1e-16 && n < 10_000; n++) {
    const numerator = n * (a - n);
    b += 2;
    d = 1 / (b + numerator * d);
    c = b + numerator / c;
    change = c * d;
    product *= change;
  }
  return factor * product;
}
