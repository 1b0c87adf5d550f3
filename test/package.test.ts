/**
 * The package as its user gets it: packed, installed by plain npm in an empty folder, run there on the machine's own
 * Node. Node strips no types under node_modules, so what works in a checkout says nothing about this. Needs the
 * registry, or what npm has cached of it.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { findingSchema } from "../src/core/records/finding.ts";
import { manifestSchema } from "../src/jobs/audit/manifest.ts";

const root = fileURLToPath(new URL("../", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "fathom-package-"));
const home = join(scratch, "empty-folder");
const installed = join(home, "node_modules/fathom");
const demo = "node_modules/fathom/organisms/demo";
const run = "runs/first";

/** A slow registry on a busy machine; none of the commands takes a quarter of it elsewhere. */
const patience = 240_000;

/** A user's shell: without what npm scripts and vitest put into ours, above all their Node in front of the machine's. */
function usersEnvironment(): NodeJS.ProcessEnv {
  const ours = /^(npm_(?!config_)|npm_config_(local_prefix|prefix)$|VITEST|NODE|INIT_CWD$)/i;
  const kept = Object.entries(process.env).filter(
    ([name]) => !ours.test(name) || name === "NODE_EXTRA_CA_CERTS",
  );
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return {
    ...Object.fromEntries(kept),
    PATH: folders.filter((folder) => !/node_modules|node-gyp-bin/.test(folder)).join(delimiter),
    // Otherwise onnxruntime-node's install script fetches CUDA libraries on Linux.
    ONNXRUNTIME_NODE_INSTALL: "skip",
  };
}

/** @throws Error with everything the command said, unless it ended with code 0 */
function user(command: string, args: readonly string[], cwd = home): string {
  const ended = spawnSync(command, args, {
    cwd,
    env: usersEnvironment(),
    encoding: "utf8",
    timeout: patience,
    maxBuffer: 1 << 26,
  });
  if (ended.status !== 0) {
    throw new Error(
      `${[command, ...args].join(" ")}: exit code ${ended.status}\n${ended.stdout}${ended.stderr}`,
    );
  }
  return ended.stdout;
}

const filesUnder = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
const text = (path: string): string => readFileSync(join(home, path), "utf8");

beforeAll(() => {
  mkdirSync(home);
  // Packing builds; the build runs on the pinned Node, as in `npm test`, so it needs a checkout that has been set up.
  user("npm", ["pack", "--silent", "--pack-destination", scratch], root);
  const tarball = readdirSync(scratch).find((name) => name.endsWith(".tgz"));
  if (tarball === undefined) throw new Error(`npm pack: expected a .tgz in ${scratch}, found none`);
  user("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", join(scratch, tarball)]);
}, 2 * patience);

afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

describe("the package", () => {
  it("holds compiled JavaScript, the page, the bundled data and the papers, and nothing else of the checkout", () => {
    const files = filesUnder(installed);
    const places = new Set(files.map((file) => file.split("/")[0]));
    const expected = ["LICENSE", "README.md", "SAFETY.md", "CHANGELOG.md", "package.json"];
    expect([...places].sort()).toEqual([...expected, "bin", "dist", "docs", "organisms", "prompts"].sort());
    expect(files.filter((file) => /\.(ts|tsx|mts|map)$|\.test\.|fixtures/.test(file))).toEqual([]);
    expect(files).toEqual(
      expect.arrayContaining([
        "dist/cli/main.js",
        "dist/model/engine/worker.js",
        "dist/report-template.html",
        "dist/report-template.licenses.md",
        "prompts/biology.jsonl",
        "prompts/fiction.jsonl",
        "organisms/demo/model.safetensors",
        "organisms/demo/sae/sae_weights.safetensors",
        "docs/tour.md",
      ]),
    );
  });

  it("knows its version", () => {
    const { version } = JSON.parse(text("node_modules/fathom/package.json")) as { version: string };
    expect(user("npx", ["fathom", "--version"]).trim()).toBe(version);
  });

  it("is healthy on the machine's own Node", () => {
    const report = JSON.parse(user("npx", ["fathom", "doctor", "--json"])) as {
      broken: number;
      checks: { name: string; detail: string }[];
    };
    expect(report.broken).toBe(0);
    const node = report.checks.find(({ name }) => name === "Node");
    expect(node?.detail.split(" ")[0]).toBe(user("node", ["-p", "process.versions.node"]).trim());
  });

  it(
    "audits the bundled checkpoint and writes the report",
    () => {
      const inputs = ["--model", demo, "--sae", `${demo}/sae`, "--prompts", "fiction"];
      // The first 36 prompts are 12 matched triples: enough for the question that a report opens with.
      const cost = ["--limit", "36", "--caps", "16,32", "--threads", "1"];
      user("npx", ["fathom", "audit", ...inputs, ...cost, "--out", run, "--quiet"]);

      const manifest = manifestSchema.parse(JSON.parse(text(`${run}/manifest.json`)));
      expect(manifest.environment.node).toBe(user("node", ["-p", "process.versions.node"]).trim());
      expect(manifest.inputs.prompts.n).toBe(36);

      const findings = z.array(findingSchema).parse(JSON.parse(text(`${run}/findings.json`)));
      expect(findings.filter(({ status }) => status === "found")).not.toEqual([]);

      const page = text(`${run}/report.html`);
      const template = text("node_modules/fathom/dist/report-template.html");
      expect(page.length).toBeGreaterThan(template.length);
      for (const { sentence } of findings.slice(0, 3))
        expect(page).toContain(JSON.stringify(sentence).slice(1, -1));
    },
    patience,
  );
});
