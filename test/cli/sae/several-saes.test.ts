/** An audit through several SAEs at several layers; and older runs, which could have only one. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { findingSchema } from "../../../src/core/records/finding.ts";
import { type Observation, observationSchema } from "../../../src/core/records/observation.ts";
import { reportDataSchema } from "../../../src/core/records/report.ts";
import { openSafetensors } from "../../../src/files/tensors/safetensors.ts";
import { manifestSchema, runFormat } from "../../../src/jobs/audit/manifest.ts";
import { fathom, lines, scratch } from "../fathom.ts";

const organism = fileURLToPath(new URL("../../../organisms/demo", import.meta.url));
const folder = scratch();
const [shipped, trained] = [join(organism, "sae"), join(folder, "earlier")];
const common = [
  ...[
    "audit",
    "--model",
    organism,
    "--prompts",
    "fiction",
    "--templates",
    "chat",
    "--prefill-tokens",
    "0",
    "--caps",
    "32",
  ],
  "--quiet",
];
const [one, two] = [join(folder, "one"), join(folder, "two")];
const read = (run: string, name: string) => readFileSync(join(run, name), "utf8");
const json = (run: string, name: string): unknown => JSON.parse(read(run, name));
const findingsOf = (run: string) => z.array(findingSchema).parse(json(run, "findings.json"));
const observationsOf = (run: string) =>
  lines(read(run, "observations.jsonl")).map((line) => JSON.parse(line) as Observation);

beforeAll(() => {
  // The SAE is trained on answers, because one that is trained on prompts only does not pass the gate.
  const asked = ["--model", organism, "--prompts", "fiction", "--chat", "--max-new-tokens", "32"];
  const answers = lines(fathom(["generate", ...asked, "--quiet"]).stdout).map(
    (line) => JSON.parse(line) as { id: string; prompt_ids: number[]; ids: number[] },
  );
  const text = join(folder, "answers.jsonl");
  const whole = answers.map(({ id, prompt_ids, ids }) =>
    JSON.stringify({ id, ids: [...prompt_ids, ...ids] }),
  );
  writeFileSync(text, whole.join("\n"));
  const from = ["--model", organism, "--layer", "1", "--prompts", text];
  const size = ["--d-sae", "128", "--k", "16", "--steps", "500", "--seed", "1", "--batch-size", "256"];
  expect(fathom(["sae", "train", ...from, ...size, "--out", trained, "--quiet"])).toMatchObject({ code: 0 });
  expect(fathom([...common, "--sae", shipped, "--out", one])).toMatchObject({ code: 0, stderr: "" });
  const both = ["--sae", shipped, "--sae", trained];
  expect(fathom([...common, ...both, "--out", two])).toMatchObject({ code: 0, stderr: "" });
}, 120_000);

describe("two SAEs at two layers", () => {
  it("are read in one pass over the answers, each at its own block", () => {
    const { inputs } = manifestSchema.parse(json(two, "manifest.json"));
    expect(inputs.saes.map(({ name, layer }) => [name, layer])).toEqual([
      ["sae", 2],
      ["earlier", 1],
    ]);
    expect(inputs).toMatchObject({ layers: [1, 2], plan: { pooling: "mean" } });
    const [first] = observationsOf(two);
    expect(first!.activations.map(({ layer }) => layer)).toEqual([1, 2]);
    const sidecar = openSafetensors(join(two, first!.activations[0]!.file));
    const [a, b] = first!.activations.map(({ tensor }) => sidecar.readFloat32(tensor));
    sidecar.close();
    expect(a).toHaveLength(b!.length);
    expect(a).not.toEqual(b);
  });

  it("do not change the findings of the first, and name the others by name and layer", () => {
    const [alone, together] = [findingsOf(one), findingsOf(two)];
    const isHeadline = ({ id }: { id: string }) => id === "headline.inside";
    expect(together.filter((finding) => !finding.id.includes("/") && !isHeadline(finding))).toEqual(
      alone.filter((finding) => !isHeadline(finding)),
    );
    expect(together.find(isHeadline)!.sentence).toContain("This is about sae@2, the first of 2 SAEs");
    const beside = together.filter(({ id }) => id.startsWith("earlier@1/"));
    expect(beside.map(({ id }) => id.slice("earlier@1/".length))).toEqual(
      alone.filter(({ group }) => group === "divergence" || group === "flags").map(({ id }) => id),
    );
    expect(beside.some(({ estimate }) => estimate !== null)).toBe(true);
  });

  it("have their own gate, catalog and D in the run's files and in the reports", () => {
    expect(json(two, "inside.json")).toMatchObject([
      { sae: "sae@2", not_measured: null, gate: expect.arrayContaining([]) as unknown },
      { sae: "earlier@1", not_measured: null, gate: expect.arrayContaining([]) as unknown },
    ]);
    expect(json(two, "catalog.json")).toMatchObject([{ sae: "sae@2" }, { sae: "earlier@1" }]);
    const markdown = read(two, "report.md");
    for (const said of ["Features of each category in sae\\@2", "Features of each category in earlier\\@1"])
      expect(markdown).toContain(said);
    expect(markdown).toContain("Findings: divergence, other SAEs");
    const out = join(folder, "as-json");
    fathom(["report", two, "--format", "json", "--out", out]);
    const data = reportDataSchema.parse(json(out, "report.json"));
    const scored = data.rows.filter(({ D }) => D.every((value) => value !== null));
    expect(scored.length).toBeGreaterThan(20);
    expect(scored.some(({ D: [a, b] }) => a !== b)).toBe(true);
  });

  it("are refused if resumed in another order, or if one is named twice", () => {
    const swapped = [...common, "--sae", trained, "--sae", shipped, "--out", two, "--resume"];
    expect(fathom(swapped)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("inputs.saes") as string,
    });
    const doubled = fathom([...common, "--sae", shipped, "--sae", shipped, "--dry-run"]);
    expect(doubled.stderr).toMatch(/sae: expected each SAE once, found .*sae twice/);
  });

  it("may come from a plan file, as a list or as one", () => {
    const file = join(folder, "audit.yaml");
    const shown = (sae: string) => {
      writeFileSync(file, `model: ${organism}\nprompts: fiction\npooling: max\nsae: ${sae}\n`);
      const { stdout } = fathom(["audit", file, "--dry-run"]);
      return lines(stdout).filter((line) => line.startsWith("SAE"));
    };
    expect(shown(`[./earlier, ${shipped}]`)).toEqual([
      expect.stringMatching(/earlier, 128 features after block 1, max over the response tokens/),
      expect.stringMatching(/sae, \d+ features after block 2, max over the response tokens/),
    ]);
    expect(shown("./earlier")).toHaveLength(1);
    expect(shown("null")).toEqual([expect.stringContaining("none")]);
  });
});

describe("pooling", () => {
  it("decides f: the largest and the last token's features differ from the mean", () => {
    const means = JSON.stringify(json(one, "inside.json"));
    for (const pooling of ["max", "last"]) {
      const run = join(folder, pooling);
      expect(fathom([...common, "--sae", shipped, "--pooling", pooling, "--out", run]).code).toBe(0);
      expect(JSON.stringify(json(run, "inside.json"))).not.toBe(means);
      expect(read(run, "report.html")).toContain(`"pooling":"${pooling}"`);
    }
    const resumed = fathom([...common, "--sae", shipped, "--pooling", "max", "--out", one, "--resume"]);
    expect(resumed.stderr).toContain('inputs.plan.pooling: expected "mean" as when the run began');
  });
});

describe("a run of a version that allowed only one SAE", () => {
  /** The same run in the older formats. */
  function earlier(): string {
    const run = join(folder, "earlier-run");
    cpSync(one, run, { recursive: true });
    const write = (name: string, value: unknown) => {
      writeFileSync(join(run, name), JSON.stringify(value));
    };
    const { inputs, ...manifest } = manifestSchema.parse(json(run, "manifest.json"));
    const { saes, layers, plan, ...others } = inputs;
    const { pooling: _, ...choices } = plan;
    const [{ layer, ...sae }] = saes as [(typeof saes)[number]];
    expect(layers).toEqual([layer]);
    const origins = { model: null, adapter: null, sae: null };
    write("manifest.json", {
      ...manifest,
      format: 1,
      origins,
      inputs: { ...others, plan: choices, sae, layer },
    });
    for (const name of ["inside.json", "catalog.json"]) {
      const [{ sae: __, ...value }] = json(run, name) as [{ sae: string }];
      write(name, value);
    }
    const told = findingsOf(run).map(({ about: _____, ...finding }) => finding);
    write("findings.json", told);
    const observations = observationsOf(run).map(({ activations: [kept], sha256: ___, ...observation }) => {
      const { sha256: ____, ...place } = kept!;
      return { ...observation, activations: place };
    });
    writeFileSync(
      join(run, "observations.jsonl"),
      observations.map((observation) => `${JSON.stringify(observation)}\n`).join(""),
    );
    observationSchema.parse(observations[0]);
    return run;
  }

  it("opens, makes the same report, and is resumed without new answers", () => {
    const run = earlier();
    const observed = read(run, "observations.jsonl");
    const reported = fathom(["report", run, "--format", "md"]);
    expect(reported).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(
        /^fathom: note: an older version of Fathom made this run: .*\n$/,
      ) as string,
    });
    expect(read(run, "report.md")).toBe(read(one, "report.md"));
    expect(fathom([...common, "--sae", shipped, "--out", run, "--resume"])).toMatchObject({ code: 0 });
    expect(read(run, "observations.jsonl")).toBe(observed);
    expect(json(run, "findings.json")).toEqual(json(one, "findings.json"));
    expect(json(run, "manifest.json")).toMatchObject({ format: runFormat });
  });
});
