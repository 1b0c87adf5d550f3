/**
 * Tests WebGPU for real: blocks and heads give Transformers' numbers, and no operator is left to the CPU (the command checks that
 * itself). The test runs the command line, because a failing driver ends its process.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openSafetensors } from "../../src/files/tensors/safetensors.ts";
import { webGpuIsHere } from "../support/webgpu.ts";
import { fathom, fixture, jsonLinesFile, scratch } from "./fathom.ts";

const isHere = webGpuIsHere();
if (!isHere) console.warn("webgpu.test.ts is skipped: no WebGPU, see test/QUARANTINES.md");

/** Together they have every operator of the families. A software Vulkan takes about 10 s for each. */
const checkpoints = ["gemma2-caps", "gemma4-e2b", "phi3-partial-su"];

describe.runIf(isHere)("--device webgpu (where there is none: test/QUARANTINES.md)", () => {
  const folder = scratch();

  test("edits of every rule, at every site, generate what they generate on the CPU", () => {
    const model = fixture("engine/llama-gqa-bias");
    const d = (JSON.parse(readFileSync(join(model, "config.json"), "utf8")) as { hidden_size: number })
      .hidden_size;
    const wave = (length: number, by: number) => Array.from({ length }, (_, i) => Math.sin(by * (i + 1)));
    const edit = (m: number, n = m) => ({
      ...{ encoder: wave(d * m, 1.7), bias: wave(m, 0.9), decoder: wave(n * d, 0.6) },
      ...{ scale: wave(n, 2), offset: wave(n, 3) },
    });
    const edits = [
      { layer: 0, site: "embed", activation: "relu", normalize: "constant_norm_rescale", ...edit(3) },
      { layer: 0, site: "attn_out", activation: "topk", k: 2, chosen: [0, 3], ...edit(5, 2) },
      { layer: 1, site: "mlp_out", activation: "groupmax", k: 2, normalize: "layer_norm", ...edit(6) },
      { layer: 1, activation: "gated", magnitude: { scale: wave(4, 1), bias: wave(4, 2) }, ...edit(4) },
    ];
    const file = join(folder, "edits.json");
    writeFileSync(file, JSON.stringify(edits));
    const prompts = jsonLinesFile(folder, "edited.jsonl", [{ id: "a", ids: [1, 7, 9, 30, 12] }]);
    const common = ["generate", "--model", model, "--prompts", prompts, "--max-new-tokens", "8", "--quiet"];
    const ids = (...more: string[]) => {
      const { code, stdout, stderr } = fathom([...common, ...more]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      return (JSON.parse(stdout) as { ids: number[] }).ids;
    };
    const edited = ids("--edits", file);
    expect(ids("--edits", file, "--device", "webgpu")).toEqual(edited);
    expect(ids()).not.toEqual(edited);
  });

  test.each(checkpoints)("%s", (name) => {
    const model = fixture(`engine/${name}`);
    const { prompts } = JSON.parse(readFileSync(join(model, "reference.json"), "utf8")) as {
      prompts: number[][];
    };
    const file = jsonLinesFile(
      folder,
      `${name}.jsonl`,
      prompts.map((ids, i) => ({ id: `p${i}`, ids })),
    );
    const out = join(folder, `${name}.safetensors`);
    const { code, stderr } = fathom(
      ["capture", "--model", model, "--prompts", file, "--layers", "all", "--logits"].concat([
        "--out",
        out,
        "--device",
        "webgpu",
        "--quiet",
      ]),
    );
    expect(code, stderr).toBe(0);
    const ours = openSafetensors(out);
    const theirs = openSafetensors(join(model, "reference.safetensors"));
    let compared = 0;
    for (const tensor of ours.entries.keys()) {
      const [, row, place] = /^p(\d+)\.(?:resid_post\.)?(\w+)$/.exec(tensor)!;
      if (place === "ids") continue;
      const reference = `prompt.${row}.${place === "logits" ? place : `layer.${place}`}`;
      const [found, expected] = [ours.readFloat32(tensor), theirs.readFloat32(reference)];
      let [difference, magnitude] = [0, 0];
      for (const [i, value] of expected.entries()) {
        difference = Math.max(difference, Math.abs(found[i]! - value));
        magnitude = Math.max(magnitude, Math.abs(value));
      }
      expect(difference / magnitude, tensor).toBeLessThan(2e-4);
      compared++;
    }
    expect(compared).toBeGreaterThan(prompts.length);
    ours.close();
    theirs.close();
  });

  test("generates the greedy tokens of Transformers", () => {
    const model = fixture("engine/llama-gqa-bias");
    const { prompts, greedy } = JSON.parse(readFileSync(join(model, "reference.json"), "utf8")) as {
      prompts: number[][];
      greedy: number[][];
    };
    const file = jsonLinesFile(
      folder,
      "g.jsonl",
      prompts.map((ids, i) => ({ id: `p${i}`, ids })),
    );
    const { code, stdout, stderr } = fathom(
      ["generate", "--model", model, "--prompts", file, "--max-new-tokens", "16"].concat([
        "--device",
        "webgpu",
        "--quiet",
      ]),
    );
    expect(code, stderr).toBe(0);
    const lines = stdout.trim().split("\n");
    expect(lines.length).toBe(prompts.length);
    for (const [i, line] of lines.entries()) {
      const { ids } = JSON.parse(line) as { ids: number[] };
      expect(ids.length).toBeGreaterThan(0);
      expect(greedy[i]!.slice(0, ids.length)).toEqual(ids);
    }
  });
});
