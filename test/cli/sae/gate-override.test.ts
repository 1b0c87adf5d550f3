/** An audit with an SAE that the load gate refuses: left out, or used on request with every output saying so. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { findingSchema } from "../../../src/core/records/finding.ts";
import { manifestSchema } from "../../../src/jobs/audit/manifest.ts";
import { inMemory } from "../../../src/sae/code/matrix.ts";
import { makeSae } from "../../../src/sae/code/sae.ts";
import { openSae } from "../../../src/sae/formats/open-sae.ts";
import { saveSae } from "../../../src/sae/formats/save.ts";
import { fathom, lines, namesIn, scratch } from "../fathom.ts";

const organism = fileURLToPath(new URL("../../../organisms/demo", import.meta.url));
const folder = scratch();
const corrupted = join(folder, "sae");
const plan = ["--model", organism, "--sae", corrupted, "--prompts", "fiction", "--templates", "chat"];
const common = ["audit", ...plan, "--prefill-tokens", "0", "--caps", "32", "--quiet"];
const read = (run: string, name: string) => readFileSync(join(folder, run, name), "utf8");
const json = (run: string, name: string) => JSON.parse(read(run, name)) as Record<string, unknown>;
const findings = (run: string) => z.array(findingSchema).parse(JSON.parse(read(run, "findings.json")));
const ofInside = ({ id, group }: { id: string; group: string }) =>
  id === "headline.inside" || group === "divergence" || group === "flags";
const caveat = "The SAE behind this failed the load gate and was used all the same.";

/** The organism's SAE with its decoder rows given to other features. */
beforeAll(() => {
  const sae = openSae(join(organism, "sae"));
  const rotated = Array.from({ length: sae.d_sae }, (_, i) => (i + 1) % sae.d_sae);
  saveSae(corrupted, makeSae({ ...sae, W_dec: inMemory(sae.W_dec.take(0, rotated), sae.W_dec.shape) }));
});

describe("an SAE that the load gate refuses", () => {
  it("is not used: the inside view is not measured, and the report says why", () => {
    expect(fathom([...common, "--out", join(folder, "closed")]).code).toBe(0);
    const manifest = manifestSchema.parse(json("closed", "manifest.json"));
    expect(manifest.inputs.plan.allow_failed).toBe(false);
    expect(manifest.gate_overrides).toEqual([]);
    expect(json("closed", "inside.json")).toMatchObject([{ gate_override: null, scores: [] }]);
    expect(namesIn(join(folder, "closed"))).not.toContain("catalog.json");
    expect(read("closed", "report.md")).toMatch(
      /not measured: the SAE failed the load gate\. variance explained/,
    );
    expect(findings("closed").some(({ sentence }) => sentence.includes(caveat))).toBe(false);
  });

  it("is used with --allow-failed, and every output says so", () => {
    const { code, stdout } = fathom([...common, "--allow-failed", "--out", join(folder, "open")]);
    expect(code).toBe(0);
    const manifest = manifestSchema.parse(json("open", "manifest.json"));
    expect(manifest.inputs.plan.allow_failed).toBe(true);
    const [said, ...others] = manifest.gate_overrides;
    expect(others).toEqual([]);
    expect(said).toMatch(
      /^The SAE sae was used although the load gate failed, because --allow-failed was given\. What failed: variance explained: /,
    );
    expect(json("open", "inside.json")).toMatchObject([{ gate_override: said, not_measured: null }]);
    expect(json("open", "catalog.json")).toMatchObject([{ sae: "sae@2", gate_override: said }]);
    const inside = findings("open").filter(ofInside);
    expect(inside.some(({ estimate }) => estimate !== null)).toBe(true);
    for (const { sentence } of inside) expect(sentence.endsWith(caveat)).toBe(true);
    for (const { sentence } of findings("open").filter((finding) => !ofInside(finding)))
      expect(sentence).not.toContain(caveat);
    expect(lines(read("open", "report.md"))[1]).toMatch(
      /^> \*\*Warning\.\*\* The SAE sae was used although the load gate failed/,
    );
    expect(read("open", "report.html")).toContain("was used although the load gate failed");
    expect(stdout).toContain("[!] The SAE sae was used although the load gate failed");
  });

  it("is named in the plan, which decides what can be resumed", () => {
    const shown = fathom(["audit", ...plan, "--allow-failed", "--dry-run"]);
    expect(shown.stdout).toMatch(
      /SAE +sae, \d+ features after block 2, mean .*, used even if the load gate fails/,
    );
    const { code, stderr } = fathom([...common, "--out", join(folder, "open"), "--resume"]);
    expect(stderr).toContain("inputs.plan.allow_failed: expected true as when the run began, found false");
    expect(code).toBe(2);
  });

  it("of another layer is read at the requested layer, and no other override helps", () => {
    const other = ["--layer", "1", "--out", join(folder, "layer")];
    expect(fathom([...common, ...other]).stderr).toContain(
      "layer 1 (blocks.1.hook_resid_post) was asked for",
    );
    expect(fathom([...common, "--allow-failed", ...other]).code).toBe(0);
    expect(manifestSchema.parse(json("layer", "manifest.json")).gate_overrides[0]).toContain(
      "What failed: The SAE reads blocks.2.hook_resid_post; layer 1",
    );
    const beyond = fathom([...common, "--allow-failed", "--layer", "99", "--out", join(folder, "beyond")]);
    expect(beyond.stderr).toContain("Layer 99 was asked for");
    expect(beyond.code).toBe(2);
  });
});
