/** Traces name the operators that the CPU ran. Here the CPU runs all of them, like for a device that runs none. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { openCheckpoint } from "../checkpoint/checkpoint.ts";
import { Engine } from "../engine/engine.ts";
import { requireAgreement } from "../engine/self-check.ts";
import { operatorsOnCpu, requirePlacement } from "./placement.ts";

const traces = mkdtempSync(join(tmpdir(), "fathom-placement-"));
afterAll(() => {
  rmSync(traces, { recursive: true });
});

it("names the operators that the CPU ran, but not those that compute shapes", async () => {
  const path = fileURLToPath(new URL("../../../test/fixtures/engine/gemma2-caps", import.meta.url));
  const { config, weights } = await openCheckpoint(path);
  const oneBlockAtATime = { beside: "" };
  const engine = await Engine.open(config, weights, { threads: 1, traces, oneBlockAtATime });
  await requireAgreement(engine);
  await engine.close();
  weights.close();
  const left = operatorsOnCpu(traces);
  expect(left).toEqual(expect.arrayContaining(["FusedMatMul", "LogSoftmax", "Softmax", "Tanh"]));
  expect(left).not.toContain("Shape");
  expect(() => {
    requirePlacement("webgpu", traces);
  }).toThrow(
    /--device webgpu: expected every operator .* on the device, found .*FusedMatMul.* left to the CPU/,
  );
});
