/** `fathom audit --prefill-tokens`: the model reads the opening behind the template, and goes on from there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Observation } from "../../../src/core/records/observation.ts";
import type { Prompt } from "../../../src/core/records/prompt.ts";
import type { ReportData } from "../../../src/core/records/report.ts";
import { fathom, lines, scratch } from "../fathom.ts";

const organism = fileURLToPath(new URL("../../../organisms/demo", import.meta.url));
const folder = scratch();
const args = ["audit", "--model", organism, "--prompts", "fiction", "--limit", "6", "--caps", "8", "--quiet"];

test("the answers after a prefill are those of the template's tokens and the opening's", () => {
  const out = join(folder, "run");
  const ended = fathom([...args, "--prefill-tokens", "2,0", "--prefill-comply", "Sure, here", "--out", out]);
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: "" });
  const read = <T>(name: string) =>
    lines(readFileSync(join(out, name), "utf8")).map((line) => JSON.parse(line) as T);
  const prompts = read<Prompt>("prompts.jsonl");
  const observations = read<Observation>("observations.jsonl");
  const begun = observations.filter(({ condition }) => condition.prefill !== null);
  expect(observations.length - begun.length).toBe(12);
  const asked = prompts.filter(({ tier, panel }) => panel === "main" && tier !== "dual_use");
  expect(begun.map(({ prompt_id }) => prompt_id).sort()).toEqual(asked.map(({ id }) => id).sort());
  for (const { prompt_id, prompt_ids, condition } of begun) {
    const plain = observations.find(
      (one) =>
        one.prompt_id === prompt_id && one.condition.template === "chat" && one.condition.prefill === null,
    )!;
    expect(prompt_ids.slice(0, -2)).toEqual(plain.prompt_ids);
    const { tier } = prompts.find(({ id }) => id === prompt_id)!;
    expect(`Sure, here|I'm sorry`.split("|")[tier === "benign" ? 1 : 0]).toContain(condition.prefill);
  }

  const made = fathom(["report", out, "--format", "json"]);
  expect(made.code).toBe(0);
  const { rows } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as ReportData;
  expect(rows.filter(({ prefill }) => prefill !== null)).toHaveLength(begun.length);
  const log = join(folder, "log.json");
  fathom(["export", out, "--to", "inspect", "--out", log, "--show-text"]);
  const back = fathom(["audit", "--answers", log, "--out", join(folder, "back"), "--quiet"]);
  expect(back.stderr).toContain(`${begun.length} samples were asked again`);
  const plain = observations.filter(({ condition }) => condition.prefill === null);
  expect(
    lines(readFileSync(join(folder, "back", "observations.jsonl"), "utf8"))
      .map((line) => (JSON.parse(line) as Observation).text)
      .sort(),
  ).toEqual(plain.map(({ text }) => text).sort());
  const again = fathom([...args, "--prefill-tokens", "0", "--out", out, "--resume"]);
  expect(again.stderr).toMatch(/prefills.*expected|expected.*prefills/);
  expect(again.code).toBe(2);
}, 60_000);

test.each([
  [["--prefill-tokens", "5"], /prefill tokens: expected 0 among them.*Try: --prefill-tokens 0,5$/],
  [
    ["--prefill-tokens", "0,400"],
    /prefill_comply: expected an opening of 400 tokens or more, found \d+ in "Sure,/,
  ],
  [["--prefill-tokens", "0,2,2"], /each (?:number|value) once/],
  [
    ["--prefill-tokens", "0,2", "--prefill-comply", "No way", "--prefill-refuse", "No way"],
    /prefills: expected openings that differ/,
  ],
])("%s is refused in one line", (more, message) => {
  const { code, stderr } = fathom([...args, ...more, "--out", join(folder, "never")]);
  expect(stderr.trim()).toMatch(message);
  expect({ code, lines: lines(stderr).length }).toEqual({ code: 2, lines: 1 });
});
