/** The statements about an SAE (inspection, quality, gate), and the file that `fathom sae encode` writes. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { random } from "../../../core/random.ts";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { writeSafetensors } from "../../../files/tensors/safetensors-writer.ts";
import { encodeFile } from "../../code/encode-file.ts";
import { inMemory, scaled } from "../../code/matrix.ts";
import { rowsOf } from "../../code/rows.ts";
import { makeSae, nothingStated, type Sae, type SaeParts } from "../../code/sae.ts";
import { SaeSession } from "../../code/sae-session.ts";
import { siteOf } from "../../code/site.ts";
import { openSae } from "../../formats/open-sae.ts";
import { saveSae } from "../../formats/save.ts";
import { gate, requireFits } from "../gate/gate.ts";
import { inspect } from "../inspect.ts";
import { quality } from "./quality.ts";

const fixtures = fileURLToPath(new URL("../../../../test/fixtures/sae/", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "fathom-sae-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

const d = 4;
/**
 * An SAE whose features are + and − each axis, and one that never fires. It is exact on every input; with k = 2 for
 * two axes at a time.
 */
function axes(changes: Partial<SaeParts> = {}): Sae {
  const d_sae = 2 * d + 1;
  const W_enc = new Float32Array(d * d_sae);
  const W_dec = new Float32Array(d_sae * d);
  for (let i = 0; i < d; i++) {
    for (const [feature, sign] of [
      [2 * i, 1],
      [2 * i + 1, -1],
    ] as const) {
      W_enc[i * d_sae + feature] = sign;
      W_dec[feature * d + i] = sign;
    }
  }
  W_dec[2 * d * d] = 1;
  const b_enc = new Float32Array(d_sae);
  b_enc[2 * d] = -1;
  return makeSae({
    format: "test",
    path: "axes",
    d_in: d,
    d_sae,
    kind: "standard",
    W_enc: inMemory(W_enc, [d, d_sae]),
    b_enc,
    W_dec: inMemory(W_dec, [d_sae, d]),
    b_dec: new Float32Array(d),
    threshold: null,
    k: null,
    magnitude: null,
    applyBDecToInput: true,
    normalize: "none",
    rescaleByDecoderNorm: false,
    site: siteOf("blocks.2.hook_resid_post", "org/Tiny"),
    stated: nothingStated,
    notes: [],
    ...changes,
  });
}
const draw = random("measure");
const normals = Float32Array.from({ length: 2000 * d }, () => draw.normal());
const model = { name: "tiny", hiddenSize: d, layers: 4 };

describe("inspect", () => {
  it("says what the file is and which features look dead", () => {
    const found = inspect(axes());
    expect(found.decoderNorm).toEqual({ min: 1, median: 1, max: 1 });
    expect(found.deadLooking).toEqual({
      count: 1,
      share: 1 / 9,
      noDecoder: 0,
      noEncoder: 1,
      outOfReach: null,
    });
    expect(found.site?.layer).toBe(2);
    const sae = axes({ normalize: "constant_norm_rescale" });
    // The rescaled input has norm 2 and b_dec subtracts 1 on the first axis: up to 1 in one direction, up to 3 in the
    // other.
    const b_dec = Float32Array.of(1, 0, 0, 0);
    const b_enc = sae.b_enc.with(0, -1.1).with(1, -0.9);
    const noDecoder = inMemory(
      sae.W_dec.read()
        .slice()
        .fill(0, 3 * d, 4 * d),
      sae.W_dec.shape,
    );
    expect(inspect(makeSae({ ...sae, b_dec, b_enc, W_dec: noDecoder })).deadLooking).toEqual({
      count: 3,
      share: 3 / 9,
      noDecoder: 1,
      noEncoder: 1,
      outOfReach: 2,
    });
  });
});

describe("inspect says", () => {
  it("how large thresholds, encoder columns and decoder rows are", () => {
    const threshold = Float32Array.from({ length: 2 * d + 1 }, (_, feature) => feature / 2);
    const sae = axes({ kind: "jumprelu", threshold });
    const found = inspect(makeSae({ ...sae, W_enc: scaled(sae.W_enc, threshold, 1) }));
    expect(found.threshold).toEqual({ min: 0, median: 2, max: 4 });
    // The last column is zero; the others have the norms 0, 0.5, … 3.5.
    expect(found.encoderNorm).toEqual({ min: 0, median: 1.5, max: 3.5 });
    expect(inspect(axes()).threshold).toBeNull();
  });

  it("what is missing, and what to try", () => {
    const whatOf = (changes: Partial<SaeParts>) => inspect(axes(changes)).missing.map(({ what }) => what);
    expect(whatOf({ site: null })[0]).toMatch(/block whose output it reads is not said/);
    expect(whatOf({ site: siteOf("blocks.2.attn.hook_z", "m") })[0]).toMatch(
      /hook_z, which is not the residual/,
    );
    expect(whatOf({ site: siteOf("blocks.2.hook_resid_post", null) })[0]).toMatch(/model .* is not said/);
    expect(whatOf({ stated: { ...nothingStated, meanL0: 3, deadShare: 0 } })).toEqual([
      "Not stated: variance explained, norm of the activations in training.",
    ]);
    const stated = { varianceExplained: 1, meanL0: 4, deadShare: 0, meanNorm: 2 };
    expect(whatOf({ stated })).toEqual([]);
  });
});

async function qualityOf(sae: Sae, x: Float32Array<ArrayBuffer>) {
  const session = await SaeSession.open(sae, { threads: 1, maxFeatureValues: 4096 });
  const measured = await quality(session, rowsOf(x, sae.d_in));
  await session.close();
  return measured;
}

describe("quality", () => {
  it("is 1 for an exact SAE and 0 for one that always gives the mean", async () => {
    const exact = await qualityOf(axes(), normals);
    expect(exact.varianceExplained.all).toBeCloseTo(1, 10);
    expect(exact.varianceExplained.perToken).toBeCloseTo(1, 10);
    expect(exact).toMatchObject({
      tokens: 2000,
      massive: { count: 0, errorShare: null },
      meanL0: d,
      dead: { count: 1, share: 1 / 9 },
    });
    const mean = new Float32Array(d);
    normals.forEach((value, at) => (mean[at % d]! += value / 2000));
    const silent = await qualityOf(axes({ b_dec: mean, b_enc: new Float32Array(9).fill(-1e6) }), normals);
    expect(silent.varianceExplained.all).toBeCloseTo(0, 5);
    expect(silent).toMatchObject({ meanL0: 0, dead: { count: 9, share: 1 } });
  });

  it("shows when a few tokens of large norm dominate the figure", async () => {
    // A TopK of 1 explains one token in 2000 completely; of the others it explains about the largest axis.
    const x = normals.slice();
    x.set([30_000, 0, 0, 0], 4 * 700);
    const { varianceExplained, norm } = await qualityOf(axes({ kind: "topk", k: 1 }), x);
    expect(varianceExplained.all).toBeGreaterThan(0.9999);
    expect(varianceExplained.ordinary).toBeGreaterThan(0.5);
    expect(varianceExplained.ordinary).toBeLessThan(0.75);
    expect(norm.max).toBe(30_000);
    expect(norm.mean - norm.ordinary).toBeGreaterThan(10);
    expect(norm.ordinary).toBeCloseTo(norm.median, 0);
    // The massive token has 1 of d axes; the others have all d.
    expect((await qualityOf(axes(), x)).meanL0).toBe(d);
  });

  it("refuses rows that have no variance", async () => {
    await expect(qualityOf(axes(), new Float32Array(80).fill(1))).rejects.toThrow("tokens that differ");
    await expect(qualityOf(axes(), new Float32Array(4))).rejects.toThrow("at least 2 tokens, found 1");
  });
});

describe("gate", () => {
  const run = async (sae: Sae, x = normals, options = {}) => {
    const session = await SaeSession.open(sae, { threads: 1 });
    const result = await gate(session, model, rowsOf(x, d), options);
    await session.close();
    return { ...result, status: Object.fromEntries(result.checks.map(({ name, status }) => [name, status])) };
  };
  const sparse = (changes: Partial<SaeParts> = {}) => axes({ kind: "topk", k: 2, ...changes });

  it("lets a sound SAE through with every number and its bound", async () => {
    const { passed, checks, status } = await run(sparse());
    expect(passed).toBe(true);
    expect(status).toEqual({
      width: "pass",
      site: "pass",
      model: "pass",
      "variance explained": "pass",
      "mean L0": "pass",
      "dead features": "pass",
      "activation norm": "undetermined",
      reading: "pass",
    });
    expect(checks.find(({ name }) => name === "mean L0")).toMatchObject({
      found: 2,
      bound: { least: 1, most: 2, from: "declared" },
    });
  });

  it("closes for a load that only looks fine", async () => {
    const wrong = sparse();
    // Transposed in the file: the same shape, but another SAE.
    const scrambled = makeSae({
      ...wrong,
      W_dec: inMemory(wrong.W_dec.read().toReversed(), wrong.W_dec.shape),
    });
    const { passed, status } = await run(scrambled);
    expect(passed).toBe(false);
    expect(status["variance explained"]).toBe("fail");
  });

  it("compares an SAE with the figures that it states itself", async () => {
    const stated = { varianceExplained: 0.99, meanL0: 40, deadShare: 0, meanNorm: 200 };
    const { passed, checks, status } = await run(sparse({ stated }));
    expect(passed).toBe(false);
    expect(status).toMatchObject({
      "variance explained": "fail",
      "mean L0": "fail",
      "activation norm": "fail",
    });
    expect(checks.find(({ name }) => name === "activation norm")!.bound).toEqual({
      least: 100,
      most: 400,
      from: "stated by the SAE",
    });
  });

  it("does not judge dead features on few tokens", async () => {
    const { checks } = await run(sparse(), normals.slice(0, 40));
    const dead = checks.find(({ name }) => name === "dead features")!;
    expect(dead.status).toBe("undetermined");
    expect(dead.sentence).toContain("not judged: 2.22 activations a feature seen, 100 needed");
  });

  it("refuses another width, place or layer in one line before anything runs", async () => {
    const { passed, quality: measured } = await run(sparse(), new Float32Array(0), { layer: 1 });
    expect([passed, measured]).toEqual([false, null]);
    const fits =
      (sae: Sae, facts = model, layer?: number) =>
      () =>
        requireFits(sae, facts, layer);
    expect(fits(sparse())()).toBe(2);
    expect(fits(sparse({ site: siteOf("blocks.3.hook_resid_pre", null) }))()).toBe(2);
    expect(fits(sparse({ site: null }), model, 3)()).toBe(3);
    expect(fits(sparse({ site: null }))).toThrow("expected a layer, since the SAE names none");
    expect(fits(sparse(), { ...model, hiddenSize: 8 })).toThrow(
      "axes: expected an SAE of tiny, found The SAE reads 4 numbers a token; tiny has 8.",
    );
    expect(fits(sparse(), { ...model, layers: 2 })).toThrow("tiny has layers 0 to 1");
    expect(fits(sparse(), model, 9)).toThrow("Layer 9 was asked for");
    expect(fits(sparse(), model, 1)).toThrow("reads blocks.2.hook_resid_post; layer 1");
    for (const hook of ["blocks.2.hook_mlp_out", "blocks.0.hook_resid_pre"])
      expect(fits(sparse({ site: siteOf(hook, null) }))).toThrow(`${hook}, which is not the residual stream`);
  });
});

describe("encodeFile", () => {
  it("writes what SAELens computes, and leaves nothing else behind", async () => {
    const folder = mkdtempSync(join(scratch, "encode-"));
    const expected = openSafetensors(`${fixtures}topk-few-positive/expected.safetensors`);
    const activationsPath = join(folder, "a.safetensors");
    const outPath = join(folder, "z.safetensors");
    const inputs = expected.readFloat32("inputs");
    writeSafetensors(activationsPath, [
      { name: "activations", dtype: "F32", shape: [8, 16], values: inputs },
    ]);
    const sae = openSae(`${fixtures}topk-few-positive`);
    expect(await encodeFile({ sae, activationsPath, outPath, threads: 1 })).toEqual({
      rows: 8,
      d_in: 16,
      d_sae: 48,
    });
    const written = openSafetensors(outPath);
    for (const name of ["features", "reconstruction"]) {
      expect(written.entry(name)).toMatchObject({ dtype: "F32", shape: expected.entry(name).shape });
      const reference = expected.readFloat32(name);
      const scale = Math.max(...reference.map(Math.abs));
      for (const [at, value] of written.readFloat32(name).entries())
        expect(Math.abs(value - reference[at]!)).toBeLessThan(1e-5 * scale);
    }
    expect(readdirSync(folder).sort()).toEqual(["a.safetensors", "z.safetensors"]);
  });

  it("refuses another width or name and writes nothing", async () => {
    const folder = mkdtempSync(join(scratch, "encode-"));
    const sae = openSae(`${fixtures}topk`);
    const outPath = join(folder, "z.safetensors");
    for (const [name, shape, message] of [
      ["activations", [2, 15], "expected rows of d_in = 16 numbers, found rows of 15"],
      ["activations", [30], "shape [n, d_in], found [30]"],
      ["x", [2, 15], 'a tensor "activations"'],
    ] as const) {
      const activationsPath = join(folder, "a.safetensors");
      writeSafetensors(activationsPath, [{ name, dtype: "F32", shape, values: new Float32Array(30) }]);
      await expect(encodeFile({ sae, activationsPath, outPath, threads: 1 })).rejects.toThrow(message);
    }
    expect(existsSync(outPath)).toBe(false);
    expect(readdirSync(folder)).toEqual(["a.safetensors"]);
  });
});

describe("saveSae", () => {
  it("gives the same SAE back, of every kind", () => {
    for (const name of ["standard-layer-norm", "topk-rescaled", "jumprelu-bf16", "gated", "old-topk"]) {
      const sae = openSae(`${fixtures}${name}`);
      const folder = join(scratch, "saved", name);
      saveSae(folder, { ...sae, stated: { ...nothingStated, meanL0: 3 } }, { steps: 5 });
      const again = openSae(folder);
      expect(again.identity()).toBe(sae.identity());
      expect(again.stated.meanL0).toBe(3);
      const config = JSON.parse(readFileSync(join(folder, "cfg.json"), "utf8")) as {
        metadata: { fathom: object };
      };
      expect(config.metadata.fathom).toMatchObject({ training: { steps: 5 } });
    }
  });
});
