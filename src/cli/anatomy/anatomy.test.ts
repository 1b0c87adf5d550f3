/** The plan of `fathom anatomy`, and what is refused before the model reads a token. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { beginAnatomy } from "../../jobs/anatomy/begin.ts";
import { prepareAnatomy } from "../../jobs/anatomy/prepare.ts";
import { anatomyDefaults } from "../../library/defaults.ts";
import { inMemory } from "../../sae/code/matrix.ts";
import { makeSae, nothingStated } from "../../sae/code/sae.ts";
import { siteOf } from "../../sae/code/site.ts";
import { saveSae } from "../../sae/formats/save.ts";
import { type AnatomyOptions, anatomyPlan } from "./plan-of.ts";

const scratch = mkdtempSync(join(tmpdir(), "fathom-anatomy-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
const root = join(import.meta.dirname, "../../..");
const demo = join(root, "organisms/demo");
const file = (name: string, lines: readonly object[]) => {
  const path = join(scratch, name);
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  return path;
};
const prompts = (words: string, count: number, more: object = {}) =>
  Array.from({ length: count }, (_, i) => ({
    id: `${words}-${i}`,
    prompt: `Tell me of ${words} ${i}.`,
    ...more,
  }));
const harmful = file("harmful.jsonl", prompts("salt", 40));
const harmless = file("harmless.jsonl", prompts("moss", 40));
const options: AnatomyOptions = { model: demo, harmful, harmless, sae: [join(demo, "sae")], cache: true };
const prepare = async (more: Partial<AnatomyOptions> = {}) =>
  await prepareAnatomy(anatomyPlan({ ...options, ...more }), 1, () => undefined);

describe("the plan", () => {
  it("states every choice, and what is given overrides a default", () => {
    const plan = anatomyPlan({
      ...options,
      mostKl: null,
      layers: [-1, 2],
      controls: 99,
      integratedSteps: 10,
      greedyFilter: 0.3,
      seed: 7,
    });
    expect(plan).toEqual({
      ...anatomyDefaults,
      ...{ model: demo, harmful, harmless, saes: [{ path: join(demo, "sae"), k: null }] },
      ...{ layers: [-1, 2], integrated_steps: 10, greedy_filter: 0.3, seed: 7 },
      direction: { ...anatomyDefaults.direction, most_kl: null },
      sizes: { ...anatomyDefaults.sizes, controls: 99 },
    });
  });

  it("looks for the direction alone without an SAE", () => {
    expect(anatomyPlan({ ...options, sae: [] }).only).toBe("direction");
  });

  it.each<[string, Partial<AnatomyOptions>, RegExp]>([
    [
      "interactions",
      { only: "interactions" },
      /--only: expected .* found interactions, which does not exist yet/,
    ],
    ["a part without an SAE", { sae: [], only: "backups" }, /found backups without --sae/],
    ["a k for two SAEs", { sae: ["a", "b"], k: 3 }, /--k: expected one SAE/],
  ])("refuses %s", (_, more, message) => {
    expect(() => anatomyPlan({ ...options, ...more })).toThrow(message);
  });
});

describe("refuses in one line", () => {
  it.each<[string, () => Partial<AnatomyOptions>, RegExp]>([
    [
      "an endpoint",
      () => ({ model: "http://127.0.0.1:1/v1" }),
      /--model: expected a checkpoint, .* found the address of an endpoint/,
    ],
    [
      "an empty harmful side",
      () => ({ harmful: file("empty.jsonl", []) }),
      /empty\.jsonl: expected at least one prompt, found no line/,
    ],
    [
      "an empty harmless side",
      () => ({ harmless: file("empty.jsonl", []) }),
      /empty\.jsonl: expected at least one prompt, found no line/,
    ],
    [
      "sides of unequal length",
      () => ({ harmless: file("few.jsonl", prompts("moss", 30)) }),
      /expected 40 prompts.* found 30/,
    ],
    ["a layer too deep", () => ({ layers: [99] }), /--layers: expected blocks from -1 .* found 99/],
    ["a score token", () => ({ scoreTokens: [1_000_000] }), /--score-tokens: expected token ids below/],
    [
      "an SAE of another width",
      () => ({ sae: [small({ d_in: 8 })] }),
      /expected an SAE of demo, found The SAE reads/,
    ],
    [
      "an SAE of another site",
      () => ({ sae: [small({ hookName: "blocks.1.hook_mlp_out" })] }),
      /expected an SAE of demo, found The SAE reads blocks\.1\.hook_mlp_out/,
    ],
    ["an SAE twice", () => ({ sae: [join(demo, "sae"), join(demo, "sae")] }), /sae: expected each SAE once/],
    ["a file that is not there", () => ({ sae: [join(scratch, "none")] }), /none: expected/],
    [
      "a TopK SAE without room",
      () => ({ sae: [small({ k: 4 })] }),
      /expected a TopK SAE with more features than the 4 that are active/,
    ],
  ])("%s", async (_, more, message) => {
    const error = await prepare(more()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: "FathomError",
      exit: 2,
      message: expect.stringMatching(message) as string,
    });
    expect((error as Error).message).not.toContain("\n");
  });
});

describe("the directory", () => {
  it("goes on with the same inputs, and with no others", async () => {
    const out = join(scratch, "run");
    const prepared = await prepare();
    beginAnatomy(out, { ...prepared, prompts: prepared.promptLines }, false)();
    expect(readFileSync(join(out, "prompts.jsonl"), "utf8").split("\n").length).toBe(81);
    // Nothing was measured yet, so the same command may begin again.
    beginAnatomy(out, { ...prepared, prompts: prepared.promptLines }, false)();
    writeFileSync(join(out, "measurements.jsonl"), '{"key":"a","what":"w","value":1}\n');
    const again =
      (resume: boolean, from = prepared) =>
      () =>
        beginAnatomy(out, { ...from, prompts: from.promptLines }, resume);
    expect(again(false)).toThrow(
      /expected a new or empty folder, found an anatomy already begun\. Try: --resume/,
    );
    again(true)()();
    expect(again(true, await prepare({ seed: 3 }))).toThrow(
      /inputs\.plan\.seed: expected 0 as when .* found 3/,
    );
    writeFileSync(join(scratch, "note"), "");
    expect(() => beginAnatomy(scratch, { ...prepared, prompts: "" }, false)).toThrow(/a folder that holds/);
  });
});

/** A TopK SAE of four features for the demo's block 2, saved; with some of its facts changed. */
function small({ d_in = 160, hookName = "blocks.2.hook_resid_post", k = 2 }): string {
  const folder = join(scratch, `sae-${d_in}-${k}-${hookName}`);
  const d_sae = 4;
  const ones = (rows: number, columns: number) =>
    inMemory(new Float32Array(rows * columns).fill(1), [rows, columns]);
  const sae = makeSae({
    ...{ format: "made", path: folder, d_in, d_sae, kind: "topk", k },
    ...{ W_enc: ones(d_in, d_sae), W_dec: ones(d_sae, d_in) },
    ...{ b_enc: new Float32Array(d_sae), b_dec: new Float32Array(d_in), threshold: null, magnitude: null },
    ...{ applyBDecToInput: false, normalize: "none", rescaleByDecoderNorm: false },
    ...{ site: siteOf(hookName, null), stated: nothingStated, notes: [] },
  });
  saveSae(folder, sae);
  return folder;
}
