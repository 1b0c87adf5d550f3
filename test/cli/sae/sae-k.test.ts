/** `--k` for TopK files that do not say how many features are active: on every verb that opens an SAE, recorded and compared. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { openSafetensors } from "../../../src/files/tensors/safetensors.ts";
import { writeSafetensors } from "../../../src/files/tensors/safetensors-writer.ts";
import { worstRow } from "../../support/worst-row.ts";
import { fathom, fixture, scratch } from "../fathom.ts";

const folder = scratch();
const organism = "organisms/demo";
const json = (text: string): unknown => JSON.parse(text);
const silent = expect.objectContaining({
  code: 2,
  stderr: expect.stringMatching(/ k: expected .*Try: --k N/) as string,
}) as unknown;

describe("a .pt file alone, as its authors published it", () => {
  const alone = join(folder, "sae_weights_final.pt");
  const rows = join(folder, "rows.safetensors");
  const expected = openSafetensors(fixture("sae-formats/topk-pt-linear/expected.safetensors"));
  const inputs = expected.readFloat32("inputs");
  beforeAll(() => {
    cpSync(fixture("sae-formats/topk-pt-linear/domain.pt"), alone);
    writeSafetensors(rows, [
      { name: "activations", dtype: "F32", shape: [inputs.length / 16, 16], values: inputs },
    ]);
  });

  it("is inspected and encoded with --k, and not without", () => {
    expect(fathom(["sae", "inspect", "--sae", alone])).toEqual(silent);
    const { stdout } = fathom(["sae", "inspect", "--sae", alone, "--k", "6", "--json"]);
    expect(json(stdout)).toMatchObject({
      format: "topk-pt",
      k: 6,
      notes: ["k = 6 was given (--k, or k in a plan); no file says it."],
    });
    const out = join(folder, "features.safetensors");
    const encode = ["sae", "encode", "--sae", alone, "--activations", rows, "--out", out, "--quiet"];
    expect(fathom(encode)).toEqual(silent);
    expect(fathom([...encode, "--k", "6"])).toMatchObject({ code: 0, stderr: "" });
    const found = openSafetensors(out);
    for (const [name, width] of [
      ["features", 48],
      ["reconstruction", 16],
    ] as const)
      expect(worstRow(found.readFloat32(name), expected.readFloat32(name), width)).toBeLessThan(1e-5);
    found.close();
  });

  it("must agree with a meta file beside it", () => {
    const { code, stderr } = fathom(["sae", "inspect", fixture("sae-formats/topk-pt/domain.pt"), "--k", "9"]);
    expect([code, stderr]).toEqual([
      2,
      expect.stringMatching(/--k: expected 6, as .*domain.pt has it, found 9/),
    ]);
  });
});

describe("the organism's SAE, whose configuration does not say k", () => {
  const sae = join(folder, "sae");
  const model = ["--model", organism];
  beforeAll(() => {
    cpSync(`${organism}/sae`, sae, { recursive: true });
    const { k, ...config } = json(readFileSync(join(sae, "cfg.json"), "utf8")) as Record<string, unknown>;
    expect(k).toBe(16);
    writeFileSync(join(sae, "cfg.json"), JSON.stringify(config));
  });

  it("is checked, measured and trained on with --k, and not without", () => {
    const texts = ["--prompts", "fiction", "--quiet", "--threads", "1"];
    const check = ["sae", "check", ...model, "--sae", sae, ...texts];
    expect(fathom(check)).toEqual(silent);
    const checked = fathom([...check, "--k", "16", "--json"]);
    expect(checked.code).toBe(0);
    expect(json(checked.stdout)).toMatchObject({ passed: true });
    const report = [
      "sae",
      "report",
      ...model,
      "--sae",
      sae,
      ...texts,
      "--tokens",
      "300",
      "--features",
      "2",
      "--json",
    ];
    expect(fathom(report)).toEqual(silent);
    expect(json(fathom([...report, "--k", "16"]).stdout)).toMatchObject({ sae: { k: 16 } });
    const out = ["--out", join(folder, "trained"), "--steps", "2", "--batch-size", "16", "--seed", "0"];
    const train = ["sae", "train", ...model, "--layer", "2", "--from", sae, ...texts, ...out];
    expect(fathom(train)).toEqual(silent);
    expect(fathom([...train, "--k", "16"])).toMatchObject({ code: 0 });
    expect(json(readFileSync(join(folder, "trained", "cfg.json"), "utf8"))).toMatchObject({ k: 16 });
  });

  describe("in an audit", () => {
    const audit = [
      "audit",
      ...model,
      "--prompts",
      "fiction",
      "--templates",
      "chat",
      "--prefill-tokens",
      "0",
      "--caps",
      "16",
      "--quiet",
    ];
    const sized = [...audit, "--limit", "6", "--threads", "1"];
    const saesOf = (text: string) => (json(text) as { inputs: { saes: { k: number }[] } }).inputs.saes;

    it("is told by --k for the one SAE, by the plan for several, and shown by --dry-run", () => {
      expect(fathom([...sized, "--sae", sae, "--dry-run"])).toEqual(silent);
      const told = fathom([...sized, "--sae", sae, "--k", "16", "--dry-run", "--json"]);
      expect(saesOf(told.stdout)).toMatchObject([{ k: 16 }]);
      const both = ["--sae", sae, "--sae", `${organism}/sae`, "--k", "16", "--dry-run"];
      expect(fathom([...sized, ...both]).stderr).toMatch(
        /--k: expected one SAE, whose k it is, found 2. Try: sae: \[/,
      );
      const plan = join(folder, "audit.yaml");
      writeFileSync(plan, `sae:\n  - { path: ./sae, k: 15 }\n  - ${join(process.cwd(), organism, "sae")}\n`);
      const planned = fathom(["audit", plan, ...sized.slice(1), "--dry-run", "--json"]);
      expect(saesOf(planned.stdout)).toMatchObject([{ k: 15 }, { k: 16 }]);
      writeFileSync(plan, `sae: { path: ${join(process.cwd(), organism, "sae")}, k: 15 }\n`);
      expect(fathom(["audit", plan, ...sized.slice(1), "--dry-run"]).stderr).toMatch(
        /--k: expected 16, as .*found 15/,
      );
      writeFileSync(plan, "sae: [{ path: ./sae, n: 15 }]\n");
      expect(fathom(["audit", plan, ...sized.slice(1), "--dry-run"])).toMatchObject({ code: 2 });
    });

    it("is recorded, and a resume with another k is refused", () => {
      const run = [...sized, "--sae", sae, "--out", join(folder, "run")];
      expect(fathom([...run, "--k", "16"])).toMatchObject({ code: 0 });
      expect(saesOf(readFileSync(join(folder, "run", "manifest.json"), "utf8"))).toMatchObject([{ k: 16 }]);
      const other = fathom([...run, "--k", "15", "--resume"]);
      expect([other.code, other.stderr]).toEqual([
        2,
        expect.stringMatching(
          /inputs.saes\[0\]: expected sae, k = 16, SHA-256 .*, found sae, k = 15, SHA-256/,
        ),
      ]);
      expect(fathom([...run, "--k", "16", "--resume"])).toMatchObject({ code: 0 });
    });

    it("may be missing in an older run, which is resumed", () => {
      const path = join(folder, "run", "manifest.json");
      const manifest = json(readFileSync(path, "utf8")) as { inputs: { saes: Record<string, unknown>[] } };
      delete manifest.inputs.saes[0]!["k"];
      writeFileSync(path, JSON.stringify(manifest));
      const run = [...sized, "--sae", sae, "--out", join(folder, "run"), "--resume"];
      expect(fathom([...run, "--k", "16"])).toMatchObject({ code: 0 });
      expect(fathom([...run, "--k", "15"]).stderr).toMatch(
        /inputs.saes\[0\]: expected sae, SHA-256 .*k = 15/,
      );
    });
  });
}, 120_000);
