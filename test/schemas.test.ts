/**
 * The JSON Schemas in the package: they equal what the zod schemas give, accept all our own files, and are neither looser nor
 * stricter.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { schemaFiles } from "../scripts/schema-files.ts";
import type { AuditOptions } from "../src/cli/audit/options.ts";
import { planOf } from "../src/cli/audit/plan-of.ts";
import { planYaml } from "../src/cli/audit/plan-yaml.ts";
import { readPlanFile } from "../src/jobs/audit/plan.ts";
import { bundledSets } from "../src/prompts/bundled.ts";
import { loadPrompts } from "../src/prompts/load.ts";
import { fathom, fixture, lines, scratch, tinyModel } from "./cli/fathom.ts";
import { syntheticSaeReport } from "./support/synthetic-sae-report.ts";

type Schema = Record<string, unknown> & { properties?: Record<string, Schema> };

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
const folder = scratch();
const files = schemaFiles();
const schemaOf = (name: string) => JSON.parse(files.get(`${name}.schema.json`)!) as Schema;

const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true });
const validators = new Map<string, ValidateFunction>();
/** The schema's problems with a value, in ajv's words; an empty list if the value fits. */
function faults(name: string, value: unknown): string[] {
  const validate = validators.get(name) ?? ajv.compile(schemaOf(name));
  validators.set(name, validate);
  return validate(value) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message ?? ""}`);
}
const records = (text: string): unknown[] => lines(text).map((line) => JSON.parse(line) as unknown);

describe("schemas/", () => {
  it("is what the zod schemas say", () => {
    expect(readdirSync(join(root, "schemas")).sort()).toEqual([...files.keys()].sort());
    for (const [name, text] of files)
      expect(read(`schemas/${name}`) === text, `schemas/${name} is stale. Try: npm run schemas`).toBe(true);
  });

  it.each([...files.keys()])(
    "%s says its draft, a name that no site has to serve, and what it is of",
    (file) => {
      const { $schema, $id, title, description } = schemaOf(file.replace(".schema.json", ""));
      expect($schema).toBe("https://json-schema.org/draft/2020-12/schema");
      expect($id).toBe(`urn:fathom:schema:${file.replace(".schema.json", "")}`);
      expect(title).toMatch(/^Fathom: /);
      expect(description).toMatch(/^[a-zA-Z].*\.$/);
    },
  );

  it.each(["audit", "prompt"])("%s tells an editor what every key is", (name) => {
    const untold: string[] = [];
    const visit = (at: unknown, path: string): void => {
      if (typeof at !== "object" || at === null) return;
      const properties = (at as Schema).properties ?? {};
      for (const [key, { description }] of Object.entries(properties))
        if (typeof description !== "string" || !description.endsWith(".")) untold.push(`${path}/${key}`);
      for (const [key, below] of Object.entries(at)) visit(below, `${path}/${key}`);
    };
    visit(schemaOf(name), "");
    expect(untold).toEqual([]);
  });

  it("tells the keys of a record by their doc comments, those of lists and of what may be null too", () => {
    const told = (name: string, path: readonly (string | number)[]) =>
      path.reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], schemaOf(name));
    const of = ["properties", "text_ends", "description"];
    expect(told("observation", of)).toContain("UTF-16");
    const kl = ["properties", "fidelity", "anyOf", 0, "properties", "kl", "description"];
    expect(told("manifest", kl)).toContain("nats");
    const feature = ["items", "properties", "categories", "items", "properties", "features", "items"];
    expect(told("catalog", [...feature, "properties", "d", "description"])).toContain("Cohen's d");
  });
});

describe("what is ours fits", () => {
  const plans = ["organisms", "examples", "docs"].flatMap((place) =>
    readdirSync(join(root, place), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith("audit.yaml"))
      .map((path) => join(place, path)),
  );
  const blocks = ["README.md", ...readdirSync(join(root, "docs")).map((page) => `docs/${page}`)]
    .filter((page) => page.endsWith(".md"))
    .flatMap((page) => [...read(page).matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, text]) => text!));

  it("every plan of ours, and every piece of one in the documents", () => {
    expect(plans).toContain(join("organisms", "demo", "audit.yaml"));
    expect(blocks.length).toBeGreaterThan(0);
    for (const text of [...plans.map(read), ...blocks, read("organisms/demo/gate.yaml")]) {
      const value = (parse(text) ?? {}) as object;
      expect(faults("gates" in value ? "gate" : "audit", value), text).toEqual([]);
    }
  });

  it.each(bundledSets)("every prompt of %s", (set) => {
    for (const prompt of records(read(`prompts/${set}.jsonl`))) expect(faults("prompt", prompt)).toEqual([]);
  });

  it("a quality report of an SAE", () => {
    expect(faults("sae-report", JSON.parse(JSON.stringify(syntheticSaeReport())))).toEqual([]);
  });
});

describe("every file of a run of the demo", () => {
  const run = join(folder, "demo");
  /** Schema → values of the run's files. */
  const written = new Map<string, unknown[]>();
  beforeAll(() => {
    // 12 matched triples are enough for an inside view with a catalog.
    const cost = ["--limit", "36", "--caps", "16,32", "--projection", "--quiet"];
    const { stderr } = fathom(["audit", join(root, "organisms/demo/audit.yaml"), ...cost, "--out", run]);
    fathom(["report", run, "--format", "json"]);
    const text = (name: string) => readFileSync(join(run, name), "utf8");
    for (const name of ["manifest", "inside", "catalog", "findings", "report"])
      written.set(name, [JSON.parse(text(`${name}.json`))]);
    for (const [schema, name] of [
      ["observation", "observations"],
      ["verdict", "verdicts"],
      ["prompt", "prompts"],
    ] as const)
      written.set(schema, records(text(`${name}.jsonl`)));
    expect(stderr).toBe("");
  }, 120_000);

  it.each(["manifest", "inside", "catalog", "findings", "report", "observation", "verdict", "prompt"])(
    "%s fits its schema",
    (name) => {
      expect(written.get(name)!.length).toBeGreaterThan(0);
      for (const value of written.get(name)!) expect(faults(name, value)).toEqual([]);
    },
  );

  it.each(["manifest", "inside", "catalog", "findings", "report", "observation", "verdict"])(
    "%s no longer fits with a key too many, one too few, or a value of another type",
    (name) => {
      const [value] = written.get(name)!;
      // Only the first item of a list is changed.
      const record = (Array.isArray(value) ? value[0] : value) as Record<string, unknown>;
      const as = (changed: object) => faults(name, Array.isArray(value) ? [changed] : changed);
      expect(as(record)).toEqual([]);
      expect(as({ ...record, surprise: 1 })).not.toEqual([]);
      for (const [key, found] of Object.entries(record)) {
        expect(as({ ...record, [key]: { of: "no type of ours" } }), key).not.toEqual([]);
        const { [key]: _left, ...rest } = record;
        // Keys that may be missing are those that a run need not have.
        if (
          !["origins", "gate_override", "sha256", "polarity", "primary", "settled_by", "sides"].includes(key)
        )
          expect(as(rest), key).not.toEqual([]);
        expect(found).toBeDefined();
      }
    },
  );
});

/** Wrong values that a person could write by mistake. */
const slips: unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    7,
    -1,
    1.5,
    1024,
    1025,
    1e300,
    "",
    " ",
    "x",
    "fp32",
    "cpu",
    "chat",
    "published",
  ],
  ...["mean", "benign", "benign_bio", "main", "refuse", "last", "org/name", "bio_content"],
  ...[[], [1], [0], [-1], [1.5], [1, 2], [""], ["x"], ["chat"], ["chat", "none"], ["x", "y"], [null], [[1]]],
  ...[{}, { path: "x" }, { path: "x", k: 2 }, { path: "x", k: 0 }, { path: 1 }, { path: "x", q: 1 }],
  ...[[{ path: "x", k: 3 }, "y"], [{ k: 3 }], ["bio_content", "hedging"], ["bio_content", "surprise"]],
  ["bio_content", { name: "own", has: { tier: "benign" }, lacks: { tier: ["dual_use"] } }],
  ["bio_content", { name: "own", has: { tier: "benign" }, lacks: { tier: ["dual_use"] }, features: 0 }],
  ["bio_content", { name: "Own", has: { tier: "benign" }, lacks: { tier: ["dual_use"] } }],
  ["bio_content", { name: "own", has: {}, lacks: { tier: ["dual_use"] } }],
  ["bio_content", { name: "own", has: { tier: "bad" }, lacks: { tier: ["dual_use"] } }],
  ["bio_content", { name: "own", has: { tier: [] }, lacks: { tier: ["dual_use"] } }],
  ["bio_content", { name: "own", has: { outcome: "refuse" }, lacks: { outcome: "comply" }, least_effect: 0 }],
];

describe("a schema takes what Fathom takes, and no more", () => {
  const plan = { model: "m", prompts: "biology" };
  const file = join(folder, "slip.yaml");
  const takes = (value: object): boolean => {
    writeFileSync(file, JSON.stringify(value));
    try {
      readPlanFile(file);
      return true;
    } catch {
      return false;
    }
  };
  it.each([...Object.keys(schemaOf("audit").properties!), "surprise", "Model", "batch-size"])(
    "of %s in a plan",
    (key) => {
      for (const slip of slips) {
        const value = { ...plan, [key]: slip };
        const what = JSON.stringify(value);
        expect({ what, fits: faults("audit", value).length === 0 }).toEqual({ what, fits: takes(value) });
      }
    },
  );

  it("except that caps must not repeat: the schema and the command check it, the reader of plans does not", () => {
    expect(faults("audit", { ...plan, caps: [8, 8] })).not.toEqual([]);
    const given = ["--model", "m", "--prompts", "biology", "--dry-run"];
    writeFileSync(file, JSON.stringify({ caps: [8, 8] }));
    expect(fathom(["audit", file, ...given]).stderr).toContain("expected each cap once, found 8 twice");
  });

  const prompt = JSON.parse(lines(read("prompts/biology.jsonl"))[0]!) as Record<string, unknown>;
  it.each([...Object.keys(schemaOf("prompt").properties!), "surprise"])("of %s in a prompt", async (key) => {
    const path = join(folder, "slip.jsonl");
    const { [key]: _left, ...rest } = prompt;
    for (const value of [rest, ...slips.map((slip) => ({ ...rest, [key]: slip }))]) {
      writeFileSync(path, `${JSON.stringify(value)}\n`);
      const taken = await loadPrompts(path).then(
        () => true,
        () => false,
      );
      const what = JSON.stringify(value);
      expect({ what, fits: faults("prompt", value).length === 0 }).toEqual({ what, fits: taken });
    }
  });
});

describe("fathom audit --dry-run --yaml", () => {
  const demo = join(root, "organisms/demo/audit.yaml");
  const categories = join(folder, "categories.yaml");
  const adapter = fixture("adapters/all-linear");
  const hard = "Be brief: # yes\n- no";
  const printed = (args: readonly string[], cwd = folder) =>
    fathom(["audit", ...args, "--dry-run", "--yaml", "--quiet"], { cwd });
  const schemaNamed = (text: string) => /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? "";

  it.each<[name: string, args: string[], file: string | undefined, options: Partial<AuditOptions>]>([
    ["the demo's", [], demo, {}],
    [
      "one with text that YAML must quote",
      ["--caps", "64,8", "--system", hard],
      demo,
      { caps: [64, 8], system: hard },
    ],
    ["one with categories of its own", ["--categories", categories], demo, { categories }],
    [
      "one with an adapter",
      ["--model", tinyModel, "--adapter", adapter, "--prompts", "biology"],
      undefined,
      { model: tinyModel, adapter, prompts: "biology" },
    ],
  ])("prints a plan that is the same when it is read: %s", (_name, args, file, options) => {
    writeFileSync(
      categories,
      "categories: [bio_content, {name: told, has: {outcome: comply}, lacks: {outcome: refuse}, features: 3}]\n",
    );
    const { code, stdout, stderr } = printed([...(file === undefined ? [] : [file]), ...args]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    expect(readFileSync(fileURLToPath(schemaNamed(stdout)), "utf8")).toBe(files.get("audit.schema.json"));
    expect(faults("audit", parse(stdout))).toEqual([]);
    const again = join(folder, "printed.yaml");
    writeFileSync(again, stdout);
    expect(planOf(again, { cache: true })).toEqual(planOf(file, { ...options, cache: true }));
  });

  it("names the schema by a path that an editor can follow, if it is below the plan", () => {
    expect(schemaNamed(printed([demo], root).stdout)).toBe("schemas/audit.schema.json");
    const { plan } = planOf(demo, { cache: true });
    const named = (cwd: string) => schemaNamed(planYaml(plan, null, cwd));
    expect(named(join(root, "schemas"))).toBe("audit.schema.json");
    expect(named(dirname(root))).toBe(`${basename(root)}/schemas/audit.schema.json`);
    expect(named(join(root, "docs"))).toBe(pathToFileURL(join(root, "schemas/audit.schema.json")).href);
  });

  it("keeps the run's folder, in which the plan then lies", () => {
    const { stdout } = printed([demo, "--out", "runs/x"]);
    expect(parse(stdout)).toMatchObject({ out: "runs/x", categories: "published" });
  });

  it.each([
    [["--yaml", "--out", "x"], "--yaml: expected --dry-run beside it, found none"],
    [["--yaml", "--json", "--dry-run"], "--yaml: expected --yaml or --json, found both"],
  ])("%s is refused", (args, message) => {
    const { code, stderr } = fathom(["audit", demo, ...args], { cwd: folder });
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });
});
