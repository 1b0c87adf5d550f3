/** How far raters agree beyond chance: Cohen's κ of two, Krippendorff's α of any number with missing values. */

/**
 * Cohen's κ (1960): 1 − observed / expected disagreement of two raters.
 * @param table [k][k] counts: row = category by the first rater, column = category by the second
 * @returns null if both raters used one and the same category only, or if the table is empty: κ is 0/0 there
 * @throws RangeError for a table that is not square
 */
export function cohenKappa(table: readonly (readonly number[])[]): number | null {
  const k = table.length;
  if (table.some((row) => row.length !== k)) throw new RangeError("cohenKappa: expected a square table");
  const rows = table.map((row) => sum(row));
  const columns = table.map((_, j) => sum(table.map((row) => row[j]!)));
  const n = sum(rows);
  const observed = sum(table.map((row, i) => row[i]!)) / n;
  const expected = sum(rows.map((count, i) => count * columns[i]!)) / (n * n);
  return n === 0 || expected === 1 ? null : (observed - expected) / (1 - expected);
}

/**
 * Krippendorff's α for nominal categories: 1 − observed / expected disagreement over all pairs of values of one unit. A
 * unit with fewer than two values tells nothing and is left out.
 * @param units [n][raters] the category that each rater gave to each unit; null where a rater gave none
 * @returns null if no unit has two values, or if all values are of one category: α is 0/0 there
 * Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".
 */
export function krippendorffAlpha(units: readonly (readonly (string | null)[])[]): number | null {
  const totals = new Map<string, number>();
  let values = 0;
  let disagreement = 0;
  for (const unit of units) {
    const counts = new Map<string, number>();
    for (const value of unit) if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
    const m = sum([...counts.values()]);
    if (m < 2) continue;
    values += m;
    for (const [value, count] of counts) {
      totals.set(value, (totals.get(value) ?? 0) + count);
      disagreement += (count * (m - count)) / (m - 1);
    }
  }
  const expected = sum([...totals.values()].map((count) => count * (values - count)));
  return expected === 0 ? null : 1 - ((values - 1) * disagreement) / expected;
}

/**
 * Kendall's τ-b of two rankings of the same things: concordant minus discordant pairs, with Kendall's correction for ties.
 * @param a, b [n] the value by which each thing is ranked
 * @returns null if all values of one side are equal
 */
export function kendallTau(a: readonly number[], b: readonly number[]): number | null {
  let score = 0;
  let untied = { a: 0, b: 0 };
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j < i; j++) {
      const [first, second] = [Math.sign(a[i]! - a[j]!), Math.sign(b[i]! - b[j]!)];
      score += first * second;
      untied = { a: untied.a + Math.abs(first), b: untied.b + Math.abs(second) };
    }
  const pairs = Math.sqrt(untied.a * untied.b);
  return pairs === 0 ? null : score / pairs;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
