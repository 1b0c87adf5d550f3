/**
 * Every format except SAELens's own, compared with what its library, SAELens or a transcription computes from the
 * same files (oracle/sae_format_fixtures.py).
 */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  formatCases as cases,
  changedSaes,
  formatFixtures as fixtures,
} from "../../../test/support/changed-sae.ts";
import { worstRow } from "../../../test/support/worst-row.ts";
import { openSafetensors } from "../../files/tensors/safetensors.ts";
import { SaeSession } from "../code/sae-session.ts";
import { requireFits } from "../measure/gate/gate.ts";
import { inspect } from "../measure/inspect.ts";
import { openSae } from "./open-sae.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-sae-formats-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});

describe.each(cases)("$name", ({ name, format, path, modelName }) => {
  const expected = openSafetensors(`${fixtures}${name}/expected.safetensors`);
  const inputs = expected.readFloat32("inputs");
  const features = expected.readFloat32("features");
  const reconstruction = expected.readFloat32("reconstruction");

  it.each([
    ["whole", undefined],
    ["block by block", 4 * 16 * 5],
  ])("encodes and decodes %s", async (_, mostInMemory) => {
    const sae = openSae(fixtures + path);
    expect(sae.format).toBe(format);
    expect(sae.site).toEqual({ layer: 1, hookName: "blocks.1.hook_resid_post", modelName });
    const session = await SaeSession.open(sae, {
      threads: 1,
      ...(mostInMemory === undefined ? {} : { mostInMemory }),
    });
    const encoded = await session.encode(inputs);
    expect(worstRow(encoded.features, features, sae.d_sae)).toBeLessThan(1e-5);
    expect([...encoded.features].map((z) => z > 0)).toEqual([...features].map((z) => z > 0));
    expect(worstRow(await session.decode(encoded), reconstruction, sae.d_in)).toBeLessThan(1e-5);
    await session.close();
  });
});

const { changed } = changedSaes(scratch);

it("a transcoder can be opened and inspected, but no gate lets it through", () => {
  const model = { name: "tiny", hiddenSize: 16, layers: 4 };
  expect(() => requireFits(openSae(`${fixtures}sparsify/layers.1`), model)).not.toThrow();
  const transcoder = openSae(`${fixtures}sparsify-transcoder/layers.1`);
  expect(() => requireFits(transcoder, model)).toThrow(
    /a transcoder: it decodes its module's output, not what it reads. Try: an SAE of the residual/,
  );
  expect(inspect(transcoder).missing[0]?.what).toContain("A transcoder");
  const hook = { hook_point_out: "blocks.1.hook_mlp_out" };
  const norms = { dataset_average_activation_norm: { in: 60, out: 60 } };
  const llama = changed("llama-scope", "sae/hyperparams.json", (found) => ({ ...found, ...hook, ...norms }));
  expect(() => requireFits(openSae(llama), model)).toThrow(/it decodes blocks.1.hook_mlp_out/);
});

it("an R1 configuration without the key of the decoder's norm is read as SAELens reads it, and a note says so", () => {
  const silent = changed("llama-scope-r1", "sae/config.json", (found) => ({
    ...found,
    sparsity_include_decoder_norm: undefined,
  }));
  expect(openSae(silent).identity()).toBe(openSae(`${fixtures}llama-scope-r1/sae`).identity());
  expect(openSae(silent).notes.join()).toContain("does not say sparsity_include_decoder_norm");
  expect(openSae(`${fixtures}llama-scope-r1/sae`).notes.join()).not.toContain("does not say");
});

describe("what is refused, by name", () => {
  it.each<[string, string, Record<string, unknown>, RegExp]>([
    ["gemma-scope-2", "sae/config.json", { architecture: "relu" }, /architecture: expected jump_relu/],
    ["gemma-scope-2", "sae/config.json", { affine_connection: true }, /affine skip connection/],
    ["llama-scope", "sae/hyperparams.json", { d_sae: 47 }, /d_sae: expected 48.*found 47/],
    ["llama-scope", "sae/hyperparams.json", { jump_relu_threshold: null }, /jump_relu_threshold.*a number/],
    ["llama-scope", "sae/hyperparams.json", { dataset_average_activation_norm: { in: 60 } }, /norm\.out/],
    ["llama-scope-r1", "sae/config.json", { hook_point_in: "blocks.2.hook_resid_post" }, /blocks\.2/],
    ["sparsify", "layers.1/cfg.json", { signed: true }, /signed: expected false/],
    [
      "sparsify",
      "layers.1/cfg.json",
      { skip_connection: true },
      /skip connection.*Try: an SAE of the residual/,
    ],
    ["sparsify", "layers.1/cfg.json", { activation: "relu" }, /activation: expected one of topk, groupmax/],
    ["sparsify-groupmax", "layers.1/cfg.json", { k: 7 }, /k: expected a number of groups that divides/],
    ["sparsify", "layers.1/cfg.json", { twist: 2 }, /twist: expected only settings that are known/],
    ["sparsify", "layers.1/cfg.json", { k: 49 }, / k: expected a whole number from 1 to d_sae = 48/],
  ])("%s %s %j", (name, file, fields, message) => {
    expect(() => openSae(changed(name, file, (found) => ({ ...found, ...fields })))).toThrow(message);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ["dictionary-standard", { dict_class: "CrossCoder" }, /dict_class: expected one of AutoEncoder/],
    ["dictionary-standard", { dict_size: 47 }, /dict_size: expected 48/],
    ["dictionary-standard", { dict_class: "GatedAutoEncoder" }, /a tensor "gate_bias"/],
    ["dictionary-gated", { dict_class: "AutoEncoder" }, /a tensor "encoder.bias"/],
  ])("%s %j", (name, fields, message) => {
    const change = (found: Record<string, unknown>) => ({
      trainer: { ...(found["trainer"] as object), ...fields },
    });
    expect(() => openSae(changed(name, "trainer_0/config.json", change))).toThrow(message);
  });

  it("a file moved out of the folder whose name states k; a Gemma Scope file outside its folders has no site", () => {
    const at = (file: string) => join(mkdtempSync(join(scratch, "case-")), file);
    const [qwen, gemma] = [at("layer1.sae.pt"), at("params.npz")];
    const pathOf = (name: string) => fixtures + cases.find((one) => one.name === name)!.path;
    cpSync(pathOf("qwen-scope"), qwen);
    expect(() => openSae(qwen)).toThrow(
      /k: expected a whole number from 1, from .*config.json k or a folder named.*Try: --k N/,
    );
    cpSync(pathOf("gemma-scope"), gemma);
    expect(openSae(gemma).site).toBeNull();
    expect(openSae(gemma).notes.join()).toContain("names no layer");
    const below = (folder: string) => {
      const path = join(dirname(gemma), folder, "layer_1/width_16k/average_l0_12/params.npz");
      cpSync(gemma, path);
      return openSae(path);
    };
    const inner = below("layer_7/gemma-scope-9b-pt-mlp/gemma-scope-2b-pt-res");
    expect(inner.site).toMatchObject({ layer: 1, modelName: "google/gemma-2-2b" });
    expect(below("gemma-scope-2b-pt-transcoders").decodes).toContain("MLP");
  });

  it("a folder with files of two formats, unless one is named", () => {
    const folder = mkdtempSync(join(scratch, "case-"));
    cpSync(`${fixtures}sparsify/layers.1`, folder, { recursive: true });
    cpSync(`${fixtures}gemma-scope-2/sae`, folder, { recursive: true });
    expect(() => openSae(folder)).toThrow(/files of one format, found those of gemma-scope-2 and sparsify/);
    expect(openSae(folder, "sparsify").format).toBe("sparsify");
  });
});
