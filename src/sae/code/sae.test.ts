/** Reading and computing, compared with what SAELens computes from the same files (oracle/sae_fixtures.py). */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { worstRow } from "../../../test/support/worst-row.ts";
import { poolings } from "../../core/records/pooling.ts";
import { openSafetensors } from "../../files/tensors/safetensors.ts";
import { openSae } from "../formats/open-sae.ts";
import { inMemory } from "./matrix.ts";
import { pool } from "./pool.ts";
import { rowsOf } from "./rows.ts";
import { makeSae, nothingStated, type Sae } from "./sae.ts";
import { SaeSession } from "./sae-session.ts";

const fixtures = fileURLToPath(new URL("../../../test/fixtures/sae/", import.meta.url));
const { cases } = JSON.parse(readFileSync(`${fixtures}cases.json`, "utf8")) as {
  cases: { name: string; architecture: string }[];
};
const scratch = mkdtempSync(join(tmpdir(), "fathom-sae-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

describe.each(cases)("$name", ({ name, architecture }) => {
  const expected = openSafetensors(`${fixtures}${name}/expected.safetensors`);
  const inputs = expected.readFloat32("inputs");
  const features = expected.readFloat32("features");
  const reconstruction = expected.readFloat32("reconstruction");

  it("encodes and decodes as SAELens does, row by row", async () => {
    const sae = openSae(`${fixtures}${name}`);
    expect(sae.kind).toBe(architecture);
    expect(sae.site).toEqual({ layer: 1, hookName: "blocks.1.hook_resid_post", modelName: "tiny-llama" });
    const session = await SaeSession.open(sae, { threads: 1 });
    const encoded = await session.encode(inputs);
    expect(worstRow(encoded.features, features, sae.d_sae)).toBeLessThan(1e-5);
    expect([...encoded.features].map((z) => z > 0)).toEqual([...features].map((z) => z > 0));
    expect(worstRow(await session.decode(encoded), reconstruction, sae.d_in)).toBeLessThan(1e-5);
    await session.close();
  });

  it("computes the same when its matrices are read block by block", async () => {
    const session = await SaeSession.open(openSae(`${fixtures}${name}`), {
      threads: 1,
      mostInMemory: 4 * 16 * 5,
    });
    const encoded = await session.encode(inputs);
    expect(worstRow(encoded.features, features, session.sae.d_sae)).toBeLessThan(1e-5);
    expect([...encoded.features].map((z) => z > 0)).toEqual([...features].map((z) => z > 0));
    expect(worstRow(await session.decode(encoded), reconstruction, session.sae.d_in)).toBeLessThan(1e-5);
    await session.close();
  });

  it("gives the same rows when they are processed in stretches, and pools them", async () => {
    const sae = openSae(`${fixtures}${name}/sae_weights.safetensors`, "saelens");
    const session = await SaeSession.open(sae, { threads: 1, maxFeatureValues: 3 * sae.d_sae });
    const seen: number[] = [];
    const rebuilt = new Float32Array(reconstruction.length);
    await session.encodeRows(rowsOf(inputs, sae.d_in), async (stretch) => {
      seen.push(stretch.from);
      rebuilt.set(await session.decode(stretch), stretch.from * sae.d_in);
    });
    expect(seen).toEqual([0, 3, 6]);
    expect(worstRow(rebuilt, reconstruction, sae.d_in)).toBeLessThan(1e-5);
    const expected = {
      mean: (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length,
      max: (values: number[]) => Math.max(...values),
      last: (values: number[]) => values.at(-1)!,
    };
    for (const pooling of poolings) {
      const pooled = await pool(
        session,
        rowsOf(inputs, sae.d_in),
        [
          [2, 8],
          [0, 1],
        ],
        pooling,
      );
      const whole = Float32Array.from({ length: 2 * sae.d_sae }, (_, at) => {
        if (at >= sae.d_sae) return features[at - sae.d_sae]!;
        return expected[pooling]([2, 3, 4, 5, 6, 7].map((row) => features[row * sae.d_sae + at]!));
      });
      expect(worstRow(pooled, whole, sae.d_sae), pooling).toBeLessThan(1e-5);
    }
    await session.close();
  });
});

/** A copy of a fixture whose config and files were changed. */
function changed(name: string, config: Record<string, unknown>, files: Record<string, string> = {}): string {
  const folder = mkdtempSync(join(scratch, "case-"));
  cpSync(`${fixtures}${name}`, folder, { recursive: true });
  const path = join(folder, "cfg.json");
  const written = { ...(JSON.parse(readFileSync(path, "utf8")) as object), ...config };
  writeFileSync(path, JSON.stringify(written));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

describe("what is refused, by name", () => {
  it.each<[string, string, Record<string, unknown>, RegExp]>([
    ["k of 0", "topk", { k: 0 }, /cfg.json k: expected a whole number from 1, found 0/],
    ["no k", "topk", { k: undefined }, /cfg.json k: expected a whole number from 1, found none/],
    ["k above d_sae", "topk", { k: 49 }, / k: expected a whole number from 1 to d_sae = 48, found 49/],
    [
      "another architecture",
      "topk",
      { architecture: "transcoder" },
      /one of standard, topk.*found "transcoder", which decodes another place.*Try: an SAE of the residual/,
    ],
    ["whitening", "topk", { normalize_activations: "covariance_whitening" }, /found "covariance_whitening"/],
    [
      "hook_z",
      "topk",
      { reshape_activations: "hook_z" },
      /reshape_activations.*found "hook_z".*Try: an SAE of the residual stream/,
    ],
    ["an unknown setting", "topk", { twist: 2 }, /cfg.json twist: expected only settings that are known/],
    ["another width", "topk", { d_in: 17 }, /"W_enc": expected shape \[17, 48\].*found \[16, 48\]/],
    ["a kind whose tensors are not there", "standard", { architecture: "gated" }, /a tensor "b_gate"/],
    ["tensors of another kind", "jumprelu", { architecture: "standard" }, /also threshold/],
    [
      "a rescaling of the wrong kind",
      "standard",
      { rescale_acts_by_decoder_norm: true },
      /rescaleByDecoderNorm/,
    ],
    ["an old topk without k", "old-topk", { activation_fn_kwargs: {} }, /activation_fn_kwargs.k/],
    [
      "an old activation",
      "old-topk",
      { activation_fn_str: "tanh-relu" },
      /one of relu, topk, found "tanh-relu"/,
    ],
    ["no version that can be read", "topk", { metadata: { sae_lens_version: "new" } }, /sae_lens_version/],
  ])("%s", (_, name, config, message) => {
    expect(() => openSae(changed(name, config))).toThrow(message);
  });

  it("an unknown format, and a path with none", () => {
    expect(() => openSae(`${fixtures}topk`, "gguf")).toThrow(
      /expected one of saelens, gemma-scope, .*found "gguf"/,
    );
    expect(() => openSae(scratch)).toThrow(/known format: saelens \(a folder with cfg.json/);
    expect(() => openSae(join(scratch, "none"))).toThrow(/nothing at this path/);
  });

  it("NaN and Infinity in the weights, a row of zeros under rescaling", () => {
    const sae = openSae(`${fixtures}topk-rescaled`);
    expect(() => makeSae({ ...sae, b_enc: sae.b_enc.with(5, NaN) })).toThrow(
      '"b_enc": expected finite numbers, found NaN',
    );
    const W_dec = sae.W_dec.read();
    const other = (values: Float32Array<ArrayBuffer>) => ({ ...sae, W_dec: inMemory(values, [48, 16]) });
    expect(() => makeSae(other(W_dec.with(5, -Infinity)))).toThrow(/"W_dec".*-Infinity at element 5/);
    expect(() => makeSae({ ...sae, W_dec: inMemory(W_dec, [16, 48]) })).toThrow(
      /"W_dec": expected shape \[48, 16\], found \[16, 48\]/,
    );
    expect(() => makeSae(other(W_dec.slice().fill(0, 32, 48)))).toThrow(/no row of zeros.*row 2/);
  });

  it("activations of another width, with NaN, or all zeros when the SAE divides by their norm", async () => {
    const session = await SaeSession.open(openSae(`${fixtures}standard-constant-norm`), { threads: 1 });
    await expect(session.encodeRows(rowsOf(new Float32Array(34), 17), () => undefined)).rejects.toThrow(
      "expected rows of d_in = 16 numbers, found rows of 17",
    );
    const x = new Float32Array(32).fill(1);
    await expect(session.encode(x.with(20, NaN))).rejects.toThrow("row 1: expected finite numbers");
    await expect(session.encode(x.fill(0, 0, 16))).rejects.toThrow("row 0: expected a norm above 0");
    await session.close();
  });
});

describe("the activation scaler of an intermediate checkpoint", () => {
  const scaler = (factor: unknown) => ({
    "activation_scaler.json": JSON.stringify({ scaling_factor: factor }),
  });

  it("is applied and noted: SAE(s·x)/s", async () => {
    const name = "standard-expected-average";
    const sae = openSae(changed(name, {}, scaler(0.25)));
    // Notes are passed on to others, so they name the file without its path.
    expect(sae.notes.join()).toContain("scaled by 0.25 (activation_scaler.json)");
    expect(sae.stated.meanNorm).toBeCloseTo(4 / 0.25);
    const expected = openSafetensors(`${fixtures}${name}/expected.safetensors`);
    const session = await SaeSession.open(sae, { threads: 1 });
    const encoded = await session.encode(expected.readFloat32("inputs").map((value) => value * 4));
    expect(worstRow(encoded.features, expected.readFloat32("features"), 48)).toBeLessThan(1e-5);
    const rebuilt = (await session.decode(encoded)).map((value) => value / 4);
    expect(worstRow(rebuilt, expected.readFloat32("reconstruction"), 16)).toBeLessThan(1e-5);
    await session.close();
  });

  it("is refused where it has no meaning", () => {
    expect(() => openSae(changed("standard", {}, scaler(0.25)))).toThrow(
      /unless normalize_activations is expected/,
    );
    expect(() => openSae(changed("standard-expected-average", {}, scaler(0)))).toThrow(
      /above 0, or null, found 0/,
    );
    expect(openSae(changed("standard", {}, scaler(null))).notes).toEqual([]);
  });
});

describe("identity", () => {
  it("depends on what is computed, not on the file that holds it", () => {
    const sae = openSae(`${fixtures}topk`);
    expect(openSae(changed("topk", { device: "cuda" })).identity()).toBe(sae.identity());
    expect(openSae(changed("topk", { k: 6 })).identity()).not.toBe(sae.identity());
    expect(makeSae({ ...sae, b_dec: sae.b_dec.with(0, sae.b_dec[0]! + 1e-6) }).identity()).not.toBe(
      sae.identity(),
    );
  });
});

describe("TopK", () => {
  const tied = (k: number): Sae =>
    makeSae({
      format: "test",
      path: "tied",
      d_in: 1,
      d_sae: 4,
      kind: "topk",
      W_enc: inMemory(new Float32Array([1, 2, 2, 2]), [1, 4]),
      b_enc: new Float32Array(4),
      W_dec: inMemory(new Float32Array([1, 1, 1, 1]), [4, 1]),
      b_dec: new Float32Array(1),
      threshold: null,
      k,
      magnitude: null,
      applyBDecToInput: true,
      normalize: "none",
      rescaleByDecoderNorm: false,
      site: null,
      stated: nothingStated,
      notes: [],
    });

  it("takes exactly k in a tie, those with the lowest indices, and nothing negative", async () => {
    const session = await SaeSession.open(tied(2), { threads: 1 });
    expect([...(await session.encode(new Float32Array([3, -3, 0]))).features]).toEqual([
      0, 6, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ]);
    expect((await session.encode(new Float32Array(0))).features.length).toBe(0);
    await session.close();
  });
});
