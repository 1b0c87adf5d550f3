import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dot, fitMargin } from "./margin.ts";

interface Case {
  name: string;
  x: number[][];
  y: (1 | -1)[];
  cost: number[];
  w: number[];
}
const { cases } = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/stats/margin.json", import.meta.url), "utf8"),
) as { cases: Case[] };
const rows = (x: readonly (readonly number[])[]) => x.map((row) => Float64Array.from(row));

describe("fitMargin", () => {
  it.each(cases)("has scikit-learn's and PyTorch's weights: $name", ({ x, y, cost, w }) => {
    const fitted = fitMargin({ x: rows(x), y, cost, tolerance: 1e-9 });
    const largest = Math.max(...w.map(Math.abs));
    fitted.forEach((value, j) => expect(Math.abs(value - w[j]!) / largest).toBeLessThan(1e-6));
  });

  it("is a minimum: no small change of a weight lowers the objective", () => {
    const problem = fc
      .record({ n: fc.integer({ min: 2, max: 12 }), d: fc.integer({ min: 1, max: 16 }), seed: fc.nat() })
      .map(({ n, d, seed }) => {
        // A cheap deterministic scatter. It only matters that shapes and costs vary.
        const at = (k: number) => Math.sin(seed + 12.9898 * k) * 2;
        return {
          x: Array.from({ length: n }, (_, i) => Float64Array.from({ length: d }, (_, j) => at(i * d + j))),
          y: Array.from({ length: n }, (_, i): 1 | -1 => (i % 3 === 0 ? 1 : -1)),
          cost: Array.from({ length: n }, (_, i) => 0.1 + Math.abs(at(-i))),
        };
      });
    fc.assert(
      fc.property(problem, ({ x, y, cost }) => {
        const objective = (w: Float64Array) =>
          0.5 * dot(w, w) +
          x.reduce((sum, row, i) => sum + cost[i]! * Math.max(0, 1 - y[i]! * dot(w, row)) ** 2, 0);
        const w = fitMargin({ x, y, cost, tolerance: 1e-10 });
        const least = objective(w);
        for (let j = 0; j < w.length; j++)
          for (const step of [1e-4, -1e-4]) {
            const moved = w.slice();
            moved[j]! += step;
            expect(objective(moved)).toBeGreaterThanOrEqual(least - 1e-12);
          }
      }),
    );
  });

  it("refuses one class, unequal lengths and invalid costs, and throws if it does not converge", () => {
    const x = rows([[1], [2]]);
    const good = { x, y: [1, -1] as const, cost: [1, 1], tolerance: 1e-6 };
    expect(() => fitMargin({ ...good, y: [1, 1] })).toThrow(/both classes/);
    expect(() => fitMargin({ ...good, y: [1] })).toThrow(/equally many/);
    expect(() => fitMargin({ ...good, cost: [1, 0] })).toThrow(/positive, finite/);
    expect(() => fitMargin({ ...good, cost: [1e12, 1e12], tolerance: 0 })).toThrow(/no convergence/);
  });
});
