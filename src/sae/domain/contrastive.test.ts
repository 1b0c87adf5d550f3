/** The contrastive losses compared with PyTorch Metric Learning (oracle/contrastive_fixtures.py), and edge cases. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { open, relativeError } from "../../../test/support/graph.ts";
import { type DType, Graph } from "../../graph/build/graph.ts";
import { gradient } from "../../graph/gradient.ts";
import { contrastiveLoss } from "./contrastive.ts";
import { type Contrast, contrasts } from "./plan.ts";

interface Case {
  name: string;
  contrast: Contrast;
  tiers: string[];
  pooled: number[][];
  loss: number;
  gradient: number[][];
}
const cases = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/contrastive/reference.json", import.meta.url), "utf8"),
) as Case[];

async function lossOf(contrast: Contrast, tiers: string[], rows: number[][], dtype: DType = "float32") {
  const graph = new Graph();
  const dims = [rows.length, rows[0]!.length];
  const pooled = graph.input("pooled", dtype, dims);
  const value = contrastiveLoss(contrast, pooled, tiers);
  graph.output("loss", value);
  const [slope] = gradient([{ value, cotangent: graph.constant([1], dtype, []) }], [pooled]);
  graph.output("gradient", slope!);
  const run = await open(graph);
  const found = await run({ pooled: { dtype, dims, data: rows.flat() } });
  return { loss: found["loss"]!.data[0]!, gradient: found["gradient"]!.data };
}

describe("contrastive losses", () => {
  it.each(cases)("$contrast of $name is PyTorch's, in value and gradient", async (given) => {
    const { contrast, tiers, pooled } = given;
    for (const [dtype, tolerance] of [
      ["float64", 1e-11],
      ["float32", 1e-5],
    ] as const) {
      const found = await lossOf(contrast, tiers, pooled, dtype);
      expect(relativeError([found.loss], [given.loss])).toBeLessThan(tolerance);
      const expected = given.gradient.flat();
      const steepest = Math.max(...expected.map(Math.abs));
      // If all features are equal, the gradient is zero up to rounding.
      if (steepest < 1e-9) expect(Math.max(...found.gradient.map(Math.abs))).toBeLessThan(tolerance);
      else expect(relativeError(found.gradient, expected)).toBeLessThan(tolerance);
    }
  });

  it.each(contrasts)(
    "%s is least if tiers share no feature, and greatest if they are the same",
    async (contrast) => {
      const tiers = ["a", "a", "b", "b"];
      const at = async (rows: number[][]) => (await lossOf(contrast, tiers, rows)).loss;
      const apart = await at([
        [1, 2, 0, 0],
        [2, 1, 0, 0],
        [0, 0, 3, 1],
        [0, 0, 1, 3],
      ]);
      const near = await at([
        [1, 2, 1, 0],
        [2, 1, 0, 1],
        [1, 0, 3, 1],
        [0, 1, 1, 3],
      ]);
      const mixed = await at([
        [1, 2, 0, 0],
        [0, 0, 3, 1],
        [2, 1, 0, 0],
        [0, 0, 1, 3],
      ]);
      expect(apart).toBeLessThan(near);
      expect(near).toBeLessThan(mixed);
    },
  );

  it.each(contrasts)("%s does not depend on the size of the features", async (contrast) => {
    const { tiers, pooled } = cases[0]!;
    const { loss } = await lossOf(contrast, tiers, pooled, "float64");
    const scaled = await lossOf(
      contrast,
      tiers,
      pooled.map((row) => row.map((z) => 1000 * z)),
      "float64",
    );
    expect(scaled.loss).toBeCloseTo(loss, 12);
  });

  it.each(contrasts)("%s is finite if no prompt has an active feature", async (contrast) => {
    const silent = await lossOf(
      contrast,
      ["a", "a", "b", "b"],
      Array.from({ length: 4 }, () => [0, 0, 0]),
    );
    expect(Number.isFinite(silent.loss)).toBe(true);
    expect(silent.gradient.every((slope) => slope === 0)).toBe(true);
  });

  it.each<[Contrast, string[], RegExp]>([
    ["mean-cosine", ["a", "a"], /prompts of two tiers at least, found 1/],
    ["nt-xent", ["a", "a"], /prompts of two tiers at least, found 1/],
    ["nt-xent", ["a", "b"], /two prompts in one of the tiers/],
    ["triplet", ["a", "b"], /two prompts in one of the tiers/],
  ])("%s refuses tiers %j", async (contrast, tiers, message) => {
    await expect(
      lossOf(
        contrast,
        tiers,
        tiers.map(() => [1, 2]),
      ),
    ).rejects.toThrow(message);
  });
});
