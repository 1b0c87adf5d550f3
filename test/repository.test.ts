/**
 * Checks what people expect around a repository: versions agree and a release whose versions do not is stopped, decisions have
 * their form, workflows pin their actions, and skipped tests are listed. package.test.ts tests the package itself.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");

const scratch = mkdtempSync(join(tmpdir(), "fathom-repository-"));
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true });
});

/** Runs the release's check in `folder`. @returns its problems, one line each */
function problems(folder: string, ...args: string[]): string[] {
  const { GITHUB_REPOSITORY: _, ...env } = process.env;
  const script = join(folder, "scripts/release-check.mjs");
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8", env });
  const lines = stderr.split("\n").filter((line) => line !== "");
  expect(status).toBe(lines.length === 0 ? 0 : 1);
  return lines;
}

/** Makes the files of a release of 0.2.0, with `changes` to them. */
function releaseWith(changes: Readonly<Record<string, (text: string) => string>> = {}): string {
  const folder = mkdtempSync(join(scratch, "release-"));
  mkdirSync(join(folder, "scripts"));
  cpSync(join(root, "scripts/release-check.mjs"), join(folder, "scripts/release-check.mjs"));
  const repository = { type: "git", url: "git+https://github.com/someone/fathom.git" };
  const files = {
    "package.json": JSON.stringify({ version: "0.2.0", repository }),
    "package-lock.json": JSON.stringify({ version: "0.2.0", packages: { "": { version: "0.2.0" } } }),
    "CITATION.cff": "cff-version: 1.2.0\nversion: 0.2.0\ndate-released: 2026-12-01\n",
    "CHANGELOG.md":
      "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-12-01\n\n- A thing.\n\n## 0.1.0 - 2026-11-21\n\n- First.\n",
  };
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), (changes[name] ?? String)(text));
  return folder;
}

describe("versions", () => {
  it("agree in package.json, the lock file, CITATION.cff and the changelog", () => {
    expect(problems(root)).toEqual([]);
  });

  it("pass for a complete release", () => {
    expect(problems(releaseWith(), "v0.2.0")).toEqual([]);
  });

  it.each([
    ["the tag", {}, "v0.2.1", /the tag: expected v0\.2\.0, found "v0\.2\.1"/],
    ["a tag without v", {}, "0.2.0", /the tag: expected v0\.2\.0/],
    [
      "the lock file",
      { "package-lock.json": (text: string) => text.replace("0.2.0", "0.1.0") },
      "v0.2.0",
      /package-lock\.json version: expected 0\.2\.0, found "0\.1\.0"/,
    ],
    [
      "the citation",
      { "CITATION.cff": (text: string) => text.replace("0.2.0", "0.1.0") },
      "v0.2.0",
      /CITATION\.cff version: expected 0\.2\.0, found "0\.1\.0"/,
    ],
    [
      "the citation's date",
      { "CITATION.cff": (text: string) => text.replace("12-01", "11-21") },
      "v0.2.0",
      /date-released: expected 2026-12-01, found "2026-11-21"/,
    ],
    [
      "a changelog without the version",
      { "CHANGELOG.md": (text: string) => text.replace("## 0.2.0 - 2026-12-01", "## 0.2.0") },
      "v0.2.0",
      /expected a heading "## 0\.2\.0 - YYYY-MM-DD", found none/,
    ],
    [
      "changes that were left behind",
      { "CHANGELOG.md": (text: string) => text.replace("## Unreleased\n", "## Unreleased\n\n- Late.\n") },
      "v0.2.0",
      /expected nothing under "Unreleased"/,
    ],
    [
      "no repository for the provenance",
      { "package.json": () => JSON.stringify({ version: "0.2.0" }) },
      "v0.2.0",
      /package\.json repository: expected the address/,
    ],
  ])("stop a release for %s", (_what, changes, tag, line) => {
    const lines = problems(releaseWith(changes), tag);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(line);
  });
});

describe("decisions", () => {
  const folder = "docs/decisions";
  const index = read(`${folder}/README.md`);
  const pages = readdirSync(join(root, folder)).filter((name) => name !== "README.md");

  it("are numbered without a gap, and each has its line in the index", () => {
    expect(pages.map((name) => name.slice(0, 3))).toEqual(
      pages.map((_, at) => `${String(at + 1).padStart(2, "0")}-`),
    );
    expect([...index.matchAll(/\]\(([^)]+)\)/g)].map(([, name]) => name)).toEqual(pages);
  });

  it.each(pages)("%s has context, choice and what would change our mind, on one short page", (name) => {
    const text = read(join(folder, name));
    expect(text.match(/^#+ .*$/gm)!.slice(1)).toEqual([
      "## Context",
      "## Choice",
      "## What would change our mind",
    ]);
    for (const part of text.split(/^## .*$/m)) expect(part.trim()).not.toBe("");
    const words = text.split(/\s+/).length;
    expect(words).toBeGreaterThan(150);
    expect(words).toBeLessThan(300);
  });
});

describe("workflows", () => {
  const folder = ".github/workflows";

  it.each(readdirSync(join(root, folder)))(
    "%s pins its actions, and may do and take no more than it needs",
    (name) => {
      interface Job {
        uses?: string;
        "timeout-minutes"?: number;
        permissions?: Record<string, string>;
        steps?: { uses?: string; with?: Record<string, unknown> }[];
      }
      const text = read(join(folder, name));
      const workflow = parse(text) as {
        permissions: unknown;
        concurrency: unknown;
        jobs: Record<string, Job>;
      };
      expect(workflow.permissions).toEqual({ contents: "read" });
      expect(workflow.concurrency).toBeDefined();
      for (const line of text.match(/^.*\buses: (?!\.\/).*$/gm) ?? [])
        expect(line).toMatch(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
      for (const job of Object.values(workflow.jobs)) {
        if (job.uses === undefined) expect(job["timeout-minutes"]).toBeGreaterThan(0);
        for (const { uses, with: settings } of job.steps ?? [])
          if (uses !== undefined && basename(uses).startsWith("checkout"))
            expect(settings?.["persist-credentials"]).toBe(false);
      }
    },
  );

  it("publish the package that was tested, by scripts that package.json and this folder have", () => {
    for (const name of readdirSync(join(root, folder)))
      for (const [, script] of read(join(folder, name)).matchAll(/node (scripts\/[\w.-]+)/g))
        expect(() => read(script!)).not.toThrow();
    const { jobs } = parse(read(join(folder, "release.yml"))) as { jobs: Record<string, { needs?: string }> };
    expect(jobs["publish"]!.needs).toBe("ci");
    expect(jobs["ci"]!.needs).toBe("version");
  });
});

describe("issue forms", () => {
  const folder = ".github/ISSUE_TEMPLATE";

  it.each(readdirSync(join(root, folder)))("%s is a form that GitHub shows", (name) => {
    const form = parse(read(join(folder, name))) as {
      name: unknown;
      description: unknown;
      body: { type: string; attributes: { label?: string; value?: string } }[];
    };
    expect([form.name, form.description]).toEqual([expect.any(String), expect.any(String)]);
    for (const { type, attributes } of form.body)
      expect(type === "markdown" ? attributes.value : attributes.label).toEqual(expect.any(String));
  });
});

describe("test/QUARANTINES.md", () => {
  const cells = read("test/QUARANTINES.md")
    .split("\n")
    .filter((line) => /^\| ["\w`]/.test(line))
    .slice(1)
    .map((line) => line.split("|")[1]!);

  it.each(cells)("names tests that are there:%s", (cell) => {
    const files = [...cell.matchAll(/`([^`]+)`/g)].map(([, path]) => read(path!));
    expect(files).not.toEqual([]);
    for (const [, name] of cell.matchAll(/"([^"]+)"/g)) {
      const parts = name!.split("…").map((part) => part.trim());
      expect(
        files.some((text) => parts.every((part) => text.includes(part))),
        name,
      ).toBe(true);
    }
  });

  it("lists every file that may skip a test", () => {
    const listed = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, path]) => path));
    const skipping = ["src", "test"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".test.ts"))
        .map((path) => `${folder}/${path.replaceAll("\\", "/")}`)
        .filter((path) =>
          /\b(?:test|it|describe)\.(?:skip|skipIf|runIf)\(|\bdescribePage\(/.test(read(path)),
        ),
    );
    expect(skipping.filter((path) => !listed.includes(path))).toEqual([]);
  });
});
