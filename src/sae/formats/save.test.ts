/**
 * The export of `sae train` as SAELens reads it: oracle/sae_roundtrip.py trained these SAEs with Fathom and computed
 * with SAELens. If a test fails because the export changed, SAELens has not read the new export yet: make the fixture
 * again to check that it can.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { worstRow } from "../../../test/support/worst-row.ts";
import type { Json } from "../../core/hash.ts";
import { openSafetensors } from "../../files/tensors/safetensors.ts";
import { SaeSession } from "../code/sae-session.ts";
import { openSae } from "./open-sae.ts";
import { saveSae } from "./save.ts";

const fixtures = fileURLToPath(new URL("../../../test/fixtures/sae-export/", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${fixtures}cases.json`, "utf8")) as {
  cases: { name: string; architecture: string }[];
};
const scratch = mkdtempSync(join(tmpdir(), "fathom-export-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
const inputs = openSafetensors(`${fixtures}inputs.safetensors`).readFloat32("inputs");

it("each objective is exported, on activations with a row of norm 500", () => {
  expect(cases.map(({ name }) => name)).toEqual(["topk", "batchtopk", "jumprelu"]);
  const { d_in } = openSae(`${fixtures}topk`);
  expect(Math.hypot(...inputs.subarray(0, d_in))).toBeCloseTo(500, 2);
});

describe.each(cases)("$name", ({ name, architecture }) => {
  const folder = `${fixtures}${name}`;

  it.each([
    ["whole", undefined],
    ["block by block", 4 * 160 * 5],
  ])("computes here what SAELens computes from it, read %s", async (_, mostInMemory) => {
    const expected = openSafetensors(`${folder}/expected.safetensors`);
    const features = expected.readFloat32("features");
    const sae = openSae(folder);
    expect(sae.kind).toBe(architecture);
    const session = await SaeSession.open(sae, {
      threads: 1,
      ...(mostInMemory === undefined ? {} : { mostInMemory }),
    });
    const encoded = await session.encode(inputs);
    expect(worstRow(encoded.features, features, sae.d_sae)).toBeLessThan(1e-5);
    expect([...encoded.features].map((z) => z > 0)).toEqual([...features].map((z) => z > 0));
    const rebuilt = await session.decode(encoded);
    expect(worstRow(rebuilt, expected.readFloat32("reconstruction"), sae.d_in)).toBeLessThan(1e-5);
    await session.close();
  });

  it("is written to the same bytes today", () => {
    const written = join(scratch, name);
    const config = JSON.parse(readFileSync(`${folder}/cfg.json`, "utf8")) as {
      metadata: { fathom: { training: Json } };
    };
    saveSae(written, openSae(folder), config.metadata.fathom.training);
    for (const file of ["cfg.json", "sae_weights.safetensors"])
      expect(readFileSync(join(written, file)).equals(readFileSync(join(folder, file))), file).toBe(true);
  });
});

it("bfloat16 halves the file, keeps each number to 8 bits, and is read back as it is written", () => {
  const [whole, half] = [join(scratch, "whole"), join(scratch, "half")];
  const sae = openSae(`${fixtures}topk`);
  saveSae(whole, sae);
  saveSae(half, sae, null, "bfloat16");
  expect(JSON.parse(readFileSync(join(half, "cfg.json"), "utf8"))).toMatchObject({ dtype: "bfloat16" });
  const weights = (folder: string) => readFileSync(join(folder, "sae_weights.safetensors")).length;
  expect(weights(half)).toBeLessThan(0.6 * weights(whole));
  const rounded = openSae(half);
  expect(rounded.identity()).not.toBe(sae.identity());
  for (const name of ["W_enc", "W_dec"] as const) {
    const [exact, read] = [sae[name].read(), rounded[name].read()];
    expect(read.every((value, i) => Math.abs(value - exact[i]!) <= Math.abs(exact[i]!) / 256)).toBe(true);
  }
  const again = join(scratch, "again");
  saveSae(again, rounded, null, "bfloat16");
  expect(openSae(again).identity()).toBe(rounded.identity());
});
