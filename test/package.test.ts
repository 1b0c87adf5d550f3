/**
 * Tests the package as a user gets it. scripts/package-check.mjs packs this checkout, installs it with plain npm in an empty
 * folder
 * and uses it there on the machine's own Node. This test checks the result. It needs the registry, or npm's cache of it.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { findingSchema } from "../src/core/records/finding.ts";
import { manifestSchema } from "../src/jobs/audit/manifest.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "fathom-package-"));
const home = join(scratch, "empty-folder");
const installed = join(home, "node_modules/fathom");
const run = "runs/first";

/** Enough for packing, installing from a slow registry, and a small audit on a busy machine, in ms. */
const patience = 600_000;

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .map((path) => path.replaceAll(sep, "/"))
    .sort();
const text = (path: string): string => readFileSync(join(home, path), "utf8");

beforeAll(() => {
  const check = join(root, "scripts/package-check.mjs");
  const { status, stderr } = spawnSync(process.execPath, [check, "--folder", home], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
}, patience);

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe("the package", () => {
  it("holds compiled JavaScript, the page, the bundled data and the documents, and nothing else of the checkout", () => {
    const files = filesUnder(installed);
    const places = new Set(files.map((file) => file.split("/")[0]));
    const expected = [
      ...["LICENSE", "NOTICE", "README.md", "SAFETY.md", "SECURITY.md", "CHANGELOG.md", "package.json"],
    ];
    expect([...places].sort()).toEqual(
      [...expected, "bin", "dist", "docs", "organisms", "prompts", "schemas"].sort(),
    );
    expect(files.filter((file) => /(?<!\.d)\.ts$|\.(tsx|mts|map)$|\.test\.|fixtures/.test(file))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        "dist/cli/main.js",
        "dist/index.js",
        "dist/index.d.ts",
        "dist/model/engine/worker.js",
        "dist/report-template.html",
        "dist/report-template.licenses.md",
        "dist/label-page.html",
        "dist/label-page.licenses.md",
        "prompts/biology.jsonl",
        "prompts/fiction.jsonl",
        "prompts/requests.jsonl",
        "prompts/fiction-requests.jsonl",
        "prompts/sentences.txt",
        "schemas/audit.schema.json",
        "organisms/demo/model.safetensors",
        "organisms/demo/sae/sae_weights.safetensors",
        "organisms/demo/saes/layer-4/sae_weights.safetensors",
        "docs/tour.md",
      ]),
    );
  });

  /** What TypeScript has against files of the empty folder, by the package's own types. */
  function typeErrors(files: readonly string[]): string[] {
    const program = ts.createProgram(
      files.map((file) => join(home, file)),
      {
        allowJs: true,
        checkJs: true,
        exactOptionalPropertyTypes: true,
        module: ts.ModuleKind.NodeNext,
        noEmit: true,
        noUncheckedIndexedAccess: true,
        strict: true,
        target: ts.ScriptTarget.ES2023,
        typeRoots: [join(root, "node_modules/@types")],
        types: ["node"],
      },
    );
    return ts
      .getPreEmitDiagnostics(program)
      .map(
        ({ file, messageText }) =>
          `${file?.fileName ?? ""}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
      );
  }

  it(
    "has types that the examples of its page pass, and a wrong call does not",
    () => {
      const examples = readdirSync(home).filter((name) => /^example-\d+\.mjs$/.test(name));
      expect(examples.length).toBeGreaterThan(5);
      expect(typeErrors(examples)).toEqual([]);
      const wrong =
        'import { openModel } from "fathom";\nawait (await openModel("m")).generate([{}], { maxNewTokens: 1 });\n';
      writeFileSync(join(home, "wrong.mjs"), wrong);
      expect(typeErrors(["wrong.mjs"])).toHaveLength(1);
    },
    patience,
  );

  it("audited the bundled checkpoint, and wrote what a checkout writes", () => {
    const manifest = manifestSchema.parse(JSON.parse(text(`${run}/manifest.json`)));
    expect(manifest.inputs.prompts.n).toBe(36);

    const findings = z.array(findingSchema).parse(JSON.parse(text(`${run}/findings.json`)));
    expect(findings.filter(({ status }) => status === "found")).not.toEqual([]);

    const page = text(`${run}/report.html`);
    const template = text("node_modules/fathom/dist/report-template.html");
    expect(page.length).toBeGreaterThan(template.length);
    for (const { sentence } of findings.slice(0, 3))
      expect(page).toContain(JSON.stringify(sentence).slice(1, -1));
  });
});
