/** The loss curve and the verdict beside an SAE are read whichever of its files is named, and are never guessed. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { syntheticVerdict } from "../../../test/support/synthetic-sae-report.ts";
import { readTraining } from "./training-curve.ts";

const folder = mkdtempSync(join(tmpdir(), "fathom-curve-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

it("is null if there is no file, and refused if it holds something else", () => {
  expect(readTraining(folder)).toEqual({ curve: null, contrastive: null });
  const file = join(folder, "training.json");
  const plain = { step: 1, unexplained: 0.9, meanL0: 16, dead: 0 };
  const termed = { ...plain, step: 2, terms: { auxiliary: 0.4 } };
  const points = [{ ...plain, terms: {} }, termed];
  // A training may store more per point than the report shows.
  const noted = [plain, termed].map((point) => ({ ...point, seconds: 0.1 }));
  writeFileSync(file, JSON.stringify({ training: {}, quality: {}, curve: noted }));
  const told = { curve: points, contrastive: null };
  expect(readTraining(folder)).toEqual(told);
  expect(readTraining(join(folder, "sae_weights.safetensors"))).toEqual(told);
  const verdict = syntheticVerdict();
  writeFileSync(file, JSON.stringify({ training: { verdict }, quality: {}, curve: noted }));
  expect(readTraining(folder)).toEqual({ curve: points, contrastive: verdict });
  const training = { verdict: { ...verdict, seeds: [] } };
  for (const wrong of [{}, { training: {}, curve: [{ step: "one" }] }, [], { training, curve: noted }]) {
    writeFileSync(file, JSON.stringify(wrong));
    expect(() => readTraining(folder)).toThrow(/training\.json.*expected/);
  }
});
