/** `fathom audit --also-system`, `--also-turns`: the model reads the template's tokens with that system prompt, or in that turn. */
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import type { Observation } from "../../../src/core/records/observation.ts";
import type { Prompt } from "../../../src/core/records/prompt.ts";
import type { ReportData } from "../../../src/core/records/report.ts";
import { type AuditRequest, audit } from "../../../src/index.ts";
import { chatMl, refusesAfterThought, writeThinker } from "../../support/thinker.ts";
import { fathom, lines, scratch } from "../fathom.ts";

const organism = fileURLToPath(new URL("../../../organisms/demo", import.meta.url));
const folder = scratch();
const out = join(folder, "run");
const rest = ["--prompts", "fiction", "--limit", "6", "--caps", "8", "--prefill-tokens", "0", "--quiet"];
const args = ["audit", "--model", organism, ...rest];
const asked = ["--also-system", "Be brief.", "--also-turns", "no-generation-prompt,assistant,system"];
/** The ids of the demo's special tokens. */
const [begin, end, system, user, assistant] = [1, 3, 4, 5, 6] as const;

const read = <T>(name: string) =>
  lines(readFileSync(join(out, name), "utf8")).map((line) => JSON.parse(line) as T);

beforeAll(() => {
  const ended = fathom([...args, ...asked, "--out", out]);
  expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: "" });
}, 60_000);

test("hazard-adjacent and benign prompts are asked again, with the tokens of the template", () => {
  const observations = read<Observation>("observations.jsonl");
  const prompts = read<Prompt>("prompts.jsonl").filter(({ tier }) => tier !== "dual_use");
  const under = (of: (condition: Observation["condition"]) => boolean) =>
    new Map(
      observations
        .filter(({ condition }) => condition.template === "chat" && of(condition))
        .map((one) => [one.prompt_id, one.prompt_ids]),
    );
  const plain = under(({ system: text, turn }) => text === null && turn === "user");
  expect([plain.size, prompts.length]).toEqual([6, 4]);
  const inTurn = (turn: string) => under((condition) => condition.turn === turn);
  const [unopened, byAssistant, bySystem] = ["no-generation-prompt", "assistant", "system"].map(inTurn);
  const brief = under((condition) => condition.system === "Be brief.");
  for (const variant of [unopened!, byAssistant!, bySystem!, brief])
    expect([...variant.keys()].sort()).toEqual(prompts.map(({ id }) => id).sort());
  for (const { id } of prompts) {
    const ids = plain.get(id)!;
    const text = ids.slice(2, -2);
    expect(ids).toEqual([begin, user, ...text, end, assistant]);
    expect(unopened!.get(id)).toEqual([begin, user, ...text, end]);
    expect(byAssistant!.get(id)).toEqual([begin, assistant, ...text, end, assistant]);
    expect(bySystem!.get(id)).toEqual([begin, system, ...text, end, assistant]);
    const withSystem = brief.get(id)!;
    const said = withSystem.slice(2, withSystem.indexOf(end));
    expect(withSystem).toEqual([begin, system, ...said, ...ids.toSpliced(0, 2, end, user)]);
    expect(said.length).toBeGreaterThan(0);
  }
});

test("report, exports and comparison say how an answer was asked for; a resume without it is refused", () => {
  expect(fathom(["report", out, "--format", "json,md"]).code).toBe(0);
  const report = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as ReportData;
  const { rows, findings, identities } = report;
  expect(rows.filter(({ turn }) => turn === "assistant")).toHaveLength(4);
  expect(rows.filter(({ other_system }) => other_system?.system === "Be brief.")).toHaveLength(4);
  const ids = findings.map(({ id }) => id);
  for (const id of ["refusal.system.1.benign", "refusal.turn.no-generation-prompt.hazard_adjacent"])
    expect(ids).toContain(id);
  const shown = identities.filter(({ subject }) => subject.endsWith("in a system turn"));
  expect(shown.map(({ value }) => value).join("\n")).toMatch(
    /<\|begin\|><\|system\|>.*<\|end\|><\|assistant\|>/,
  );
  const markdown = readFileSync(join(out, "report.md"), "utf8");
  expect(markdown).toContain("| Chat template, in an assistant turn |");
  const csv = fathom(["export", out, "--to", "csv"]).stdout;
  expect(csv).toMatch(/,system,prefill,turn,/);
  expect(csv.split("\n").filter((line) => line.includes(",Be brief.,,user,"))).toHaveLength(4);
  const again = fathom([...args, "--out", out, "--resume"]);
  expect(again.stderr).toMatch(/also_systems/);
  expect(again.code).toBe(2);
});

test("a dry run lists each condition with its answers and its share", () => {
  const { stdout } = fathom([...args, ...asked, "--dry-run", "--json"]);
  const { cells, work } = JSON.parse(stdout) as {
    cells: { condition: { turn: string }; answers: number; share: number }[];
    work: { answers: number };
  };
  expect(cells.map(({ condition, answers }) => [condition.turn, answers])).toEqual([
    ...["user", "user"].map((turn) => [turn, 6]),
    ...["user", "no-generation-prompt", "assistant", "system"].map((turn) => [turn, 4]),
  ]);
  expect(cells.reduce((sum, { answers }) => sum + answers, 0)).toBe(work.answers);
  expect(cells.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
});

test.each<[string, string[], RegExp]>([
  ["an unknown turn", ["--also-turns", "user"], /--also-turns: expected of no-gen.*found "user"/],
  ["an empty system prompt", ["--also-system", ""], /also_systems: .*an empty text/],
])("%s is refused in one line", (_, more, message) => {
  const { code, stderr } = fathom([...args, ...more, "--out", join(folder, "never")]);
  expect(stderr.trim()).toMatch(message);
  expect({ code, lines: lines(stderr).length }).toEqual({ code: 2, lines: 1 });
});

const small = { prompts: "fiction", limit: 6, caps: [8] };
const local = { ...small, model: organism, prefill_tokens: [0] };
const endpoint = { ...small, endpoint: "http://127.0.0.1:9/v1", model: "m" };
const recorded = { answers: join(organism, "facts.json"), prompts: "fiction" };

test.each<[string, AuditRequest, RegExp]>([
  ["a turn twice", { ...local, also_turns: ["system", "system"] }, /also_turns: .*system twice/],
  ["a system prompt twice", { ...local, system: "A", also_systems: ["A"] }, /also_systems: .* "A" twice/],
  ["no system prompt twice", { ...local, also_systems: [null] }, /also_systems: .*found none twice/],
  [
    "a turn of bare text",
    { ...local, templates: ["none"], also_turns: ["system"] },
    /also_turns: expected the chat template/,
  ],
  ["a turn behind an endpoint", { ...endpoint, also_turns: ["system"] }, /also_turns: .*its server renders/],
  ["a turn of recorded answers", { ...recorded, also_turns: ["system"] }, /also_turns: .*recorded answers/],
  ["a system prompt of recorded answers", { ...recorded, also_systems: ["A"] }, /also_systems: .*recorded/],
])("%s is refused", async (_, request, message) => {
  await expect(audit(request, { out: join(folder, "never") })).rejects.toThrow(message);
});

/** The demo with another chat template. */
function withTemplate(name: string, template: string): string {
  const model = join(folder, name);
  mkdirSync(model);
  for (const file of ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
    copyFileSync(join(organism, file), join(model, file));
  symlinkSync(join(organism, "model.safetensors"), join(model, "model.safetensors"));
  writeFileSync(join(model, "chat_template.jinja"), template);
  return model;
}

const turn = "<|user|>{{ m['content'] }}<|end|>";
const each = (body: string) => `{% for m in messages %}${body}{% endfor %}<|assistant|>`;

test.each<[string, string, Partial<AuditRequest>, RegExp]>([
  [
    "refuses a role",
    each(`{% if m['role'] != 'user' %}{{ raise_exception('no such role') }}{% endif %}${turn}`),
    { also_turns: ["assistant"] },
    /also_turns: expected a chat template that takes a conversation with the prompt in the assistant's turn, found it refuses: .*no such role.*Try: leave assistant out/,
  ],
  [
    "leaves a role out",
    each(`{% if m['role'] == 'user' %}${turn}{% endif %}`),
    { also_turns: ["system"] },
    /also_turns: expected a chat template that writes the prompt with .*system's turn, found it leaves the prompt out/,
  ],
  [
    "always opens the answer",
    each(turn),
    { also_turns: ["no-generation-prompt"] },
    /also_turns: .*no generation prompt, found what it writes for the plain prompt/,
  ],
  [
    "drops the system prompt",
    each(`{% if m['role'] == 'user' %}${turn}{% endif %}`),
    { also_systems: ["Be brief."] },
    /also_systems: .*the system prompt "Be brief.", found what it writes for the plain prompt/,
  ],
])("a template that %s is refused before anything runs", async (name, template, more, message) => {
  const request = { ...local, model: withTemplate(name, template), ...more };
  await expect(audit(request, { out: join(folder, "never") })).rejects.toThrow(message);
});

test("a model that thinks is asked in other turns, but not without a generation prompt", () => {
  const model = join(folder, "thinker");
  writeThinker(model, refusesAfterThought, { template: chatMl });
  const thinking = ["audit", "--model", model, ...rest, "--limit", "3", "--reasoning-cap", "9"];
  const run = join(folder, "thoughts");
  const { code, stderr } = fathom([...thinking, "--also-turns", "assistant", "--out", run]);
  expect([0, 1]).toContain(code);
  const thoughts = lines(readFileSync(join(run, "observations.jsonl"), "utf8"))
    .map((line) => JSON.parse(line) as Observation)
    .filter(({ condition }) => condition.turn === "assistant")
    .map(({ thought }) => thought);
  expect(thoughts, stderr).toHaveLength(2);
  for (const thought of thoughts) expect(thought?.tokens).toBeGreaterThan(0);
  const refused = fathom([...thinking, "--also-turns", "no-generation-prompt", "--out", join(folder, "no")]);
  expect(refused.stderr).toMatch(/also_turns: .*this model thinks.*Try: --also-turns assistant,system/);
  expect(refused.code).toBe(2);
}, 60_000);
