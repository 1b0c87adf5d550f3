/** Hostile names and texts through every verb that prints them: they never reach the terminal unescaped. */
import { cpSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { copyOf, type Ended, fathom, fixture, jsonLinesFile, lines, scratch, tinyModel } from "./fathom.ts";

const folder = scratch();
const root = fileURLToPath(new URL("../../", import.meta.url));

/** Clears the screen, sets the window's title, reverses the direction, hides text in tag characters, forges a line. */
const evil = "a\u001b[2J\u009b31m\u202eb\u2066\u200bc\u{e0041}\u2028\nfathom: all is well\u0007";
const steering = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function expectInert({ stdout, stderr }: Ended): void {
  for (const line of `${stdout}\n${stderr}`.split("\n")) {
    expect(line).not.toMatch(steering);
    expect(line).not.toMatch(/^fathom: all is well/);
  }
}

const model = copyOf("llama-gqa-bias", folder, "model");
renameSync(model, join(folder, evil));
const evilModel = join(folder, evil);
const prompts = jsonLinesFile(folder, "prompts.jsonl", [{ id: evil, ids: [1, 5, 9] }]);
const set = jsonLinesFile(folder, "set.jsonl", [
  { id: "a", prompt: evil, tier: "benign", framing: evil, category: evil },
]);

const sae = join(folder, "sae");
cpSync(join(root, "organisms/demo/sae"), sae, { recursive: true });
const config = JSON.parse(readFileSync(join(sae, "cfg.json"), "utf8")) as Record<string, unknown>;
writeFileSync(
  join(sae, "cfg.json"),
  JSON.stringify({ ...config, metadata: { ...(config["metadata"] as object), model_name: evil } }),
);

const records = JSON.parse(readFileSync(fixture("rescore/biorefusalaudit-records.json"), "utf8")) as {
  runs: { run: string }[];
};
records.runs[0]!.run = evil;
writeFileSync(join(folder, "records.json"), JSON.stringify(records));
writeFileSync(join(folder, "plan.yaml"), `${JSON.stringify({ [evil]: 1 })}\n`);

const generate = ["generate", "--prompts", prompts, "--max-new-tokens", "2"];
test.each([
  ["rescore", ["rescore", join(folder, "records.json")], 0],
  ["sae inspect", ["sae", "inspect", sae], 0],
  ["sae inspect, and what it cannot open", ["sae", "inspect", "--format", evil, sae], 2],
  ["doctor models", ["doctor", "models", folder], 0],
  ["audit --dry-run", ["audit", "--model", evilModel, "--prompts", set, "--dry-run"], 0],
  [
    "an audit",
    ["audit", "--model", evilModel, "--prompts", set, "--out", join(folder, "run"), "--caps", "4"],
    null,
  ],
  ["a plan", ["audit", join(folder, "plan.yaml")], 2],
  ["an option", ["audit", `--${evil}`], 2],
  ["a path", ["generate", ...generate.slice(1), "--model", evil], 2],
] as const)("%s", (_name, args, code) => {
  const ended = fathom(args);
  expectInert(ended);
  if (code !== null) expect(ended.code).toBe(code);
  expect(`${ended.stdout}${ended.stderr}`).toMatch(/\\u001b|\\u202e/);
});

test("report.md of a run with such names", () => {
  const markdown = readFileSync(join(folder, "run", "report.md"), "utf8");
  for (const line of markdown.split("\n")) expect(line).not.toMatch(steering);
  expect(markdown).toContain("u202e");
});

test("JSON is escaped too, and the same document on the terminal and in a file", () => {
  const out = join(folder, "generated.jsonl");
  const [shown] = lines(fathom([...generate, "--model", tinyModel]).stdout);
  fathom([...generate, "--model", tinyModel, "--out", out]);
  expect(shown).not.toMatch(steering);
  expect((JSON.parse(shown!) as { id: string }).id).toBe(evil);
  expect(readFileSync(out, "utf8")).toBe(`${shown!}\n`);
});

test("an address is printed without its password", () => {
  const { code, stderr } = fathom([
    ...generate,
    "--model",
    "https://me:hunter2@hub.example/a/b?token=hunter2",
  ]);
  expect(code).toBe(2);
  expect(stderr).not.toContain("hunter2");
});
