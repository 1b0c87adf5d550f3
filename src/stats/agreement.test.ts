/** Agreement against scikit-learn, the krippendorff package and SciPy (oracle/agreement_fixtures.py). */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { cohenKappa, kendallTau, krippendorffAlpha } from "./agreement.ts";

const reference = JSON.parse(
  readFileSync(new URL("../../test/fixtures/stats/agreement.json", import.meta.url), "utf8"),
) as {
  kappa: { table: number[][]; kappa: number }[];
  alpha: { units: (number | null)[][]; alpha: number }[];
  tau: { a: number[]; b: number[]; tau: number }[];
};

it("κ is scikit-learn's", () => {
  for (const { table, kappa } of reference.kappa) expect(cohenKappa(table)).toBeCloseTo(kappa, 12);
});

it("α is that of the krippendorff package, with missing values", () => {
  for (const { units, alpha } of reference.alpha)
    expect(
      krippendorffAlpha(units.map((unit) => unit.map((value) => value?.toString() ?? null))),
    ).toBeCloseTo(alpha, 12);
});

it("τ is SciPy's, with ties", () => {
  for (const { a, b, tau } of reference.tau) expect(kendallTau(a, b)).toBeCloseTo(tau, 12);
});

it("is null where a coefficient is 0/0, and not 0 or 1", () => {
  expect(cohenKappa([])).toBeNull();
  expect(
    cohenKappa([
      [7, 0],
      [0, 0],
    ]),
  ).toBeNull();
  expect(krippendorffAlpha([["a", null], ["b"]])).toBeNull();
  expect(krippendorffAlpha([["a", "a"]])).toBeNull();
  expect(kendallTau([1, 1], [1, 2])).toBeNull();
});
