/** A checkpoint with weights and config only: commands that read exact ids work, and commands that need text say so. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { SaeReport } from "../../src/core/records/sae-report.ts";
import { openSafetensors } from "../../src/files/tensors/safetensors.ts";
import { fathom, jsonLinesFile, lines, scratch } from "./fathom.ts";

const folder = scratch();
const model = join(folder, "model");
mkdirSync(model);
cpSync("organisms/demo/model.safetensors", join(model, "model.safetensors"));
const config = JSON.parse(readFileSync("organisms/demo/config.json", "utf8")) as object;
writeFileSync(join(model, "config.json"), JSON.stringify({ ...config, eos_token_id: null }));
const ids = jsonLinesFile(
  folder,
  "ids.jsonl",
  Array.from({ length: 24 }, (_, i) => ({
    id: `x${i}`,
    ids: Array.from({ length: 30 }, (_, at) => 5 + ((i * 31 + at * 17) % 290)),
  })),
);
const given = ["--model", model, "--prompts", ids, "--quiet"];
const noEnd = "fathom: note: The model's files name no end token: an answer goes on to its cap.";
const needed = `fathom: ${model}: expected a tokenizer.json, found none. Try: save the tokenizer with Transformers' save_pretrained`;

test("capture works without a message", () => {
  const out = join(folder, "acts.safetensors");
  expect(fathom(["capture", ...given, "--layers", "1", "--out", out])).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
  });
  const file = openSafetensors(out);
  expect(file.entry("x0.resid_post.1").shape).toEqual([30, 160]);
  file.close();
});

test("sae check judges on the ids, and notes that answers go on to their cap", () => {
  const { stdout, stderr } = fathom(["sae", "check", ...given, "--sae", "organisms/demo/sae", "--json"]);
  expect(lines(stderr)).toEqual([noEnd]);
  expect((JSON.parse(stdout) as { checks: unknown[] }).checks.length).toBeGreaterThan(5);
});

test("sae report shows tokens by their ids", () => {
  const out = join(folder, "report.json");
  const { stderr } = fathom([
    "sae",
    "report",
    ...given,
    "--sae",
    "organisms/demo/sae",
    "--features",
    "8",
    "--out",
    out,
  ]);
  expect(lines(stderr)).toEqual([noEnd]);
  const report = JSON.parse(readFileSync(out, "utf8")) as SaeReport;
  expect(report.notes[1]).toMatch(/^Tokens are shown by their ids in brackets, without a tokenizer/);
  const named = report.features.list.flatMap(({ logits }) =>
    logits!.raised.map(({ id, token }) => [token, `[${id}]`]),
  );
  expect(named.length).toBeGreaterThan(0);
  for (const [token, id] of named) expect(token).toBe(id);
});

test("sae train trains on the ids", () => {
  const out = join(folder, "sae");
  const plan = "--layer 2 --d-sae 64 --k 4 --steps 5 --batch-size 64 --seed 1 --threads 1".split(" ");
  expect(fathom(["sae", "train", ...given, ...plan, "--out", out])).toMatchObject({ code: 0, stderr: "" });
});

test.each([
  ["generate, whose lines hold text", ["generate", ...given, "--max-new-tokens", "4"]],
  [
    "capture of a text",
    ["capture", "--model", model, "--prompts", "fiction", "--layers", "1", "--out", join(folder, "no")],
  ],
  ["an audit", ["audit", "--model", model, "--prompts", "fiction", "--dry-run"]],
])("%s needs it, and says so in one line", (_, args) => {
  expect(fathom(args)).toEqual({ code: 2, stdout: "", stderr: `${needed}\n` });
});
