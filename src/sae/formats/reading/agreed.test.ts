/** Values that files state in two places, and --k: they must agree, or both places are named in a refusal. */
import { cpSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  changedSaes,
  type Fields,
  formatCases,
  formatFixtures,
  qwenConfig as qwen,
  saelensFixtures,
} from "../../../../test/support/changed-sae.ts";
import { openSae, openToTrainOn } from "../open-sae.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-sae-agreed-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
const { withFields, saelensWith, qwenWith, changed } = changedSaes(scratch);

describe("two places that disagree are refused, and named", () => {
  it.each<[string, Fields, RegExp]>([
    ["dictionary-topk", { k: 9 }, /ae.pt "k": expected 9, as .*config.json trainer k says, found 6/],
    ["dictionary-batchtopk", { k: 9 }, /"k": expected 9, as/],
    ["dictionary-matryoshka", { k: 9 }, /"k": expected 9, as/],
    [
      "dictionary-matryoshka",
      { group_sizes: [16, 16] },
      /trainer group_sizes: expected sizes that add up to 48/,
    ],
    ["dictionary-matryoshka", { group_sizes: [24, 24] }, /"group_sizes": expected \[24,24\], as/],
    [
      "dictionary-topk",
      { dict_size: 47 },
      /dict_size: expected 48, as the shape of the tensors says, found 47/,
    ],
    ["dictionary-topk", { activation_dim: 17 }, /activation_dim: expected 16/],
    [
      "dictionary-topk",
      { submodule_name: "resid_post_layer_2" },
      /submodule_name: expected 1, as .*layer says, found 2/,
    ],
    ["dictionary-topk", { submodule_name: "mlp_out_layer_2" }, /submodule_name: expected 1/],
    ["topk-pt", { d_model: 17 }, /d_model: expected 16/],
    ["topk-pt", { expansion: 4 }, /expansion: expected 3, as the shape of the tensors says, found 4/],
    ["topk-pt", { hook_name: "blocks.2.hook_resid_post" }, /hook_name: expected 1, as .*layer says, found 2/],
    ["gemma-scope-2", { width: 47 }, /width: expected 48/],
    ["llama-scope", { expansion_factor: 4 }, /expansion_factor: expected 3/],
    ["llama-scope-r1", { expansion_factor: 4 }, /expansion_factor: expected 3/],
    [
      "llama-scope-r1",
      { jump_relu_threshold: 0.25 },
      /jump_relu_threshold: expected .* as .*log_jumprelu_threshold" says/,
    ],
    [
      "llama-scope-r1",
      { dataset_average_activation_norm: { in: 60, out: 60 } },
      /dataset_average_activation_norm.in: expected 0.75\d*, as .*safetensors .*found 60/,
    ],
    ["sparsify", { num_latents: 47 }, /num_latents: expected 48/],
    ["sparsify", { hook_layer: 2 }, /hook_layer: expected 1, as .*layers.1, by its name says, found 2/],
    ["sparsify", { hook_name: "blocks.2.hook_resid_post" }, /hook_name: expected 1, as .*by its name/],
    ["sparsify", { num_latents: 0, expansion_factor: 32 }, /expansion_factor: expected 3/],
  ])("%s %j", (name, fields, message) => {
    expect(() => openSae(withFields(name, fields))).toThrow(message);
  });

  it.each<[string, Fields, RegExp]>([
    ["old-topk", { k: 9 }, /cfg.json k: expected 7, as .*activation_fn_kwargs.k says, found 9/],
    ["old-topk", { hook_layer: 2 }, /hook_layer: expected 1, as .*hook_point says, found 2/],
    ["old-topk", { hook_point_layer: 2 }, /hook_point_layer: expected 1/],
    [
      "old-topk",
      { hook_name: "blocks.2.hook_resid_post" },
      /hook_name: expected blocks.1.hook_resid_post, as/,
    ],
    ["old-topk", { activation_fn: "relu" }, /activation_fn: expected topk, as/],
    ["old-topk", { expansion_factor: 4 }, /expansion_factor: expected 3/],
    [
      "topk",
      { metadata: { sae_lens_version: "6.0.0", hook_name: "blocks.1.hook_resid_post", hook_layer: 2 } },
      /metadata hook_layer: expected 1/,
    ],
  ])("SAELens %s %j", (name, fields, message) => {
    expect(() => openSae(saelensWith(name, fields))).toThrow(message);
  });

  it("Qwen-Scope: the configuration, the repository's name, the file's name", () => {
    expect(() => openSae(qwenWith(qwen, "SAE-Res-Qwen3-1.7B-Base-W32K-L0_50"))).toThrow(
      /a folder named like the repository \(.*\): expected 6, as .*config.json k says, found 50/,
    );
    expect(() => openSae(qwenWith({ ...qwen, num_layers: 1 }))).toThrow(
      /num_layers: expected more than 1, as layer1/,
    );
  });

  it("dictionary_learning's buffer, and a layer that only the submodule says", () => {
    const withBuffer = (buffer: Fields) =>
      changed("dictionary-topk", "trainer_0/config.json", (found) => ({ ...found, buffer }));
    expect(() => openSae(withBuffer({ d_submodule: 17 }))).toThrow(/buffer d_submodule: expected 16/);
    expect(() => openSae(withBuffer({ layer: 2 }))).toThrow(/buffer layer: expected 1/);
    expect(openSae(withBuffer({ d_submodule: 16, layer: 1, io: "out" })).site?.layer).toBe(1);
    expect(openSae(withFields("dictionary-topk", { layer: undefined })).site?.layer).toBe(1);
  });

  it("Gemma Scope 2's folder, from which SAELens takes the layer", () => {
    const folder = withFields("gemma-scope-2", {});
    const at = (name: string) => join(dirname(folder), name);
    renameSync(folder, at("layer_1_width_16k_l0_small"));
    expect(openSae(at("layer_1_width_16k_l0_small")).site?.layer).toBe(1);
    renameSync(at("layer_1_width_16k_l0_small"), at("layer_2_width_16k_l0_small"));
    expect(() => openSae(at("layer_2_width_16k_l0_small"))).toThrow(
      /by its name: expected 1, as .*hf_hook_point_in/,
    );
  });
});

it("a value that is stated twice and agrees changes nothing", () => {
  const r1 = { jump_relu_threshold: 0, dataset_average_activation_norm: { in: 0.75215, out: 0.75215 } };
  expect(openSae(withFields("llama-scope-r1", r1)).identity()).toBe(
    openSae(`${formatFixtures}llama-scope-r1/sae`).identity(),
  );
  const sparsify = { hook_layer: 1, hook_name: "blocks.1.hook_resid_post" };
  expect(openSae(withFields("sparsify", sparsify)).site?.layer).toBe(1);
  const meta = { d_in: 16, d_model: 16, expansion: 3, hook_name: "blocks.1.hook_resid_post" };
  expect(openSae(withFields("topk-pt", meta)).identity()).toBe(
    openSae(`${formatFixtures}topk-pt/domain.pt`).identity(),
  );
});

describe("--k", () => {
  const topk = [
    "dictionary-topk",
    "topk-pt",
    "topk-pt-linear",
    "qwen-scope",
    "sparsify",
    "sparsify-groupmax",
  ];
  const pathOf = (name: string) => formatFixtures + formatCases.find((one) => one.name === name)!.path;

  it.each(topk)("for a file of %s that states k: the same number, or refused", (name) => {
    expect(openSae(pathOf(name), undefined, 6).identity()).toBe(openSae(pathOf(name)).identity());
    expect(() => openSae(pathOf(name), undefined, 9)).toThrow(
      /--k: expected 6, as .* has it, found 9. Try: leave/,
    );
  });

  it.each(["topk-pt", "topk-pt-linear"])(
    "says it of %s without a meta file, which nothing else does",
    (name) => {
      const alone = join(mkdtempSync(join(scratch, "alone-")), "sae_weights_final.pt");
      cpSync(pathOf(name), alone);
      expect(() => openSae(alone)).toThrow(
        /k: expected a whole number from 1, from .*meta.json k or .*Try: --k N/,
      );
      const sae = openSae(alone, undefined, 6);
      const described = openSae(pathOf(name));
      expect(sae).toMatchObject({
        format: "topk-pt",
        k: 6,
        site: null,
        W_enc: { shape: described.W_enc.shape },
      });
      expect(sae.notes).toEqual(["k = 6 was given (--k, or k in a plan); no file says it."]);
      expect(openSae(dirname(alone), undefined, 9).k).toBe(9);
      expect(() => openSae(alone, undefined, 49)).toThrow(
        / k: expected a whole number from 1 to d_sae = 48, found 49/,
      );
      cpSync(pathOf(name), join(dirname(alone), "sae_weights_step_500.pt"));
      expect(() => openSae(dirname(alone), undefined, 9)).toThrow(
        /one NAME.pt, found 2. Try: name one of them/,
      );
    },
  );

  it("gives k to a configuration without k", () => {
    expect(openSae(withFields("sparsify", { k: undefined }), undefined, 6).k).toBe(6);
    expect(openSae(saelensWith("topk", { k: undefined }), undefined, 7).k).toBe(7);
    expect(openSae(saelensWith("old-topk", { activation_fn_kwargs: {} }), undefined, 7).k).toBe(7);
    expect(openSae(withFields("dictionary-topk", { k: undefined })).k).toBe(6);
  });

  it.each([
    `${saelensFixtures}jumprelu`,
    pathOf("gemma-scope"),
    pathOf("dictionary-batchtopk"),
    pathOf("llama-scope"),
  ])("is refused where no k largest are kept: %s", (path) => {
    expect(() => openSae(path, undefined, 6)).toThrow(/--k: expected none: .* is of kind jumprelu.*found 6/);
    expect(openToTrainOn(path, undefined, 6).k).toBeNull();
  });

  it("does not make another .pt file an SAE", () => {
    const folder = mkdtempSync(join(scratch, "ae-"));
    cpSync(pathOf("dictionary-topk"), folder, { recursive: true });
    rmSync(join(folder, "config.json"));
    expect(() => openSae(join(folder, "ae.pt"), undefined, 6)).toThrow(/known format/);
    cpSync(pathOf("topk-pt"), join(folder, "layer1.sae.pt"));
    expect(openSae(join(folder, "layer1.sae.pt"), "topk-pt", 6).k).toBe(6);
    renameSync(join(folder, "ae.pt"), join(folder, "other.pt"));
    expect(() => openSae(join(folder, "other.pt"), undefined, 6)).toThrow(/a tensor "W_enc" of floats/);
  });
});
