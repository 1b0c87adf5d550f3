/** Files that are passed on name their model and SAE, but not where these lay; a run goes on if only names differ. */
import { cpSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { manifestSchema } from "../../src/jobs/audit/manifest.ts";
import { fathom, fixture, lines, scratch, tinyModel } from "./fathom.ts";

const organism = fileURLToPath(new URL("../../organisms/demo", import.meta.url));
const folder = scratch();
const [model, sae, prompts, text] = ["model", "sae", "own.jsonl", "own.txt"].map((name) =>
  join(folder, name),
) as [string, string, string, string];
const run = join(folder, "run");
const audit = (...more: string[]) => fathom(["audit", "--caps", "16", "--quiet", "--out", run, ...more]);

beforeAll(() => {
  cpSync(organism, model, { recursive: true });
  renameSync(join(model, "sae"), sae);
  // The name that a training on another machine writes for its model.
  const config = join(sae, "cfg.json");
  const said = JSON.parse(readFileSync(config, "utf8")) as { metadata: object };
  const metadata = { ...said.metadata, model_name: join(folder, "elsewhere/demo") };
  writeFileSync(config, JSON.stringify({ ...said, metadata }));
  const records = lines(readFileSync(join(organism, "../../prompts/fiction.jsonl"), "utf8")).map(
    (line) => JSON.parse(line) as { prompt: string },
  );
  // A loader's note says where it found the first line.
  const noted = records
    .slice(0, 12)
    .map((one) => `${JSON.stringify({ ...one, expected_surface: "perhaps" })}\n`);
  writeFileSync(prompts, noted.join(""));
  writeFileSync(text, records.map(({ prompt }) => `${prompt}\n`).join(""));
});

/** Every file below a folder. */
function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((name) => filesIn(join(path, name)));
}

test("no output of audit, sae train, sae check, sae report, capture or generate has a path of this machine", () => {
  const told: string[] = [];
  const made = (...args: string[]) => {
    const { code, stdout, stderr } = fathom([...args, "--quiet"]);
    expect([args.join(" "), code, stderr]).toEqual([
      args.join(" "),
      expect.any(Number) as number,
      expect.not.stringContaining("expected"),
    ]);
    return stdout;
  };
  const [own, quality] = [join(folder, "own-sae"), join(folder, "quality")];
  const of = ["--model", model];
  audit(...of, "--prompts", prompts, "--sae", sae);
  made("report", run, "--format", "json");
  made(
    "sae",
    "train",
    ...of,
    "--text",
    text,
    ...["--layer", "2", "--d-sae", "32", "--k", "4", "--steps", "10"],
    ...["--batch-size", "64", "--seed", "1", "--out", own],
  );
  made("sae", "report", ...of, "--sae", sae, "--prompts", prompts, "--out", quality);
  made("sae", "report", ...of, "--sae", own, "--text", text, "--out", join(quality, "own.json"));
  told.push(made("sae", "check", ...of, "--sae", sae, "--prompts", prompts, "--json"));
  const [rows, answers] = [join(folder, "rows.safetensors"), join(folder, "answers.jsonl")];
  made("capture", ...of, "--prompts", prompts, "--layers", "2", "--out", rows);
  made("generate", ...of, "--prompts", prompts, "--max-new-tokens", "4", "--out", answers);

  const outputs = [run, own, quality, rows, answers].flatMap(filesIn);
  expect(outputs.length).toBeGreaterThan(20);
  for (const path of outputs) expect([path, readFileSync(path).includes(folder)]).toEqual([path, false]);
  for (const text of told) expect(text).not.toContain(folder);
  const { inputs } = manifestSchema.parse(JSON.parse(readFileSync(join(run, "manifest.json"), "utf8")));
  expect([inputs.model?.name, inputs.prompts.name, inputs.saes[0]!.name]).toEqual([
    "model",
    "own.jsonl",
    "sae",
  ]);
  expect(inputs.prompts.notes.join(" ")).toContain('(first: "perhaps" at own.jsonl:1)');
}, 300_000);

test("a run goes on with the same files under other names, but not with other content", () => {
  const before = readFileSync(join(run, "findings.json"));
  const moved = (path: string, name: string) => {
    const to = join(folder, name);
    renameSync(path, to);
    return to;
  };
  const [renamed, elsewhere, other] = [
    moved(model, "renamed"),
    moved(prompts, "other.jsonl"),
    moved(sae, "its-sae"),
  ];
  const { stderr } = audit("--model", renamed, "--prompts", elsewhere, "--sae", other, "--resume");
  expect(stderr).not.toContain("expected");
  expect(readFileSync(join(run, "findings.json"))).toEqual(before);

  writeFileSync(elsewhere, readFileSync(elsewhere, "utf8").replace("Tell me", "Show me"));
  const changed = audit("--model", renamed, "--prompts", elsewhere, "--sae", other, "--resume");
  expect(changed.stderr).toMatch(
    /inputs\.prompts: expected own\.jsonl, SHA-256 .* found other\.jsonl, SHA-256/,
  );
  expect(changed.code).toBe(2);
});

test("an adapter that says which folder it was made for is recorded by that folder's name", () => {
  const adapter = join(folder, "adapter");
  cpSync(fixture("adapters/all-linear"), adapter, { recursive: true });
  const config = join(adapter, "adapter_config.json");
  const said = JSON.parse(readFileSync(config, "utf8")) as object;
  writeFileSync(config, JSON.stringify({ ...said, base_model_name_or_path: join(folder, "llama-gqa-bias") }));
  const out = join(folder, "adapted");
  const plan = ["--prompts", "biology", "--limit", "2", "--caps", "4", "--quiet", "--out", out];
  fathom(["audit", "--model", tinyModel, "--adapter", adapter, ...plan]);
  const manifest = readFileSync(join(out, "manifest.json"), "utf8");
  expect(manifestSchema.parse(JSON.parse(manifest)).inputs.adapter).toMatchObject({
    made_for: "llama-gqa-bias",
  });
  expect(manifest).not.toContain(folder);
});
