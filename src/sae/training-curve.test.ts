/** The curve that a training left: read from beside the SAE, whichever of its files is named, and never guessed. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readCurve } from "./training-curve.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-curve-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("is null where there is none, and refused where it is something else", () => {
  expect(readCurve(folder)).toBeNull();
  const file = join(folder, "training.json");
  const points = [{ step: 1, unexplained: 0.9, meanL0: 16, dead: 0 }];
  // A training may note more than is drawn.
  const noted = points.map((point) => ({ ...point, contrastive: 0.1 }));
  writeFileSync(file, JSON.stringify({ training: {}, quality: {}, curve: noted }));
  expect(readCurve(folder)).toEqual(points);
  expect(readCurve(join(folder, "sae_weights.safetensors"))).toEqual(points);
  for (const wrong of [{}, { curve: [{ step: "one" }] }, []]) {
    writeFileSync(file, JSON.stringify(wrong));
    expect(() => readCurve(folder)).toThrow(/training\.json.*expected/);
  }
});
