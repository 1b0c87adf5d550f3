/** The options of reasoning models on the command line: the template's variables, its day, and the thought's cap. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { chatMl, opensThought, refusesAfterThought, writeThinker } from "../support/thinker.ts";
import { fathom, jsonLinesFile, lines, scratch } from "./fathom.ts";

const folder = scratch();
const thinker = join(folder, "thinker");
const dated = join(folder, "dated");
const prompts = jsonLinesFile(folder, "prompts.jsonl", [{ id: "a", prompt: "How is soup made?" }]);
const set = jsonLinesFile(folder, "set.jsonl", [{ id: "a", prompt: "How is soup made?", tier: "benign" }]);

beforeAll(() => {
  writeThinker(thinker, refusesAfterThought, { template: opensThought });
  writeThinker(dated, refusesAfterThought, { template: `{{ strftime_now('%d.%m.%Y') }}${chatMl}` });
});

const generated = (model: string, ...options: string[]) => {
  const { code, stdout, stderr } = fathom([
    "generate",
    "--model",
    model,
    "--prompts",
    prompts,
    "--max-new-tokens",
    "2",
    "--quiet",
    ...options,
  ]);
  expect([code, stderr]).toEqual([0, ""]);
  return JSON.parse(lines(stdout)[0]!) as { text: string; prompt_ids: number[] };
};

test("generate gives the template its variables and its day", () => {
  expect(generated(thinker, "--chat").text).toMatch(/^\nThey ask/);
  expect(generated(thinker, "--chat", "--template-var", "enable_thinking=false").text).toMatch(
    /^\n\nI'm sorry/,
  );
  const today = generated(dated, "--chat");
  expect(generated(dated, "--chat", "--date", "2024-07-26")).toEqual(today);
  const other = generated(dated, "--chat", "--date", "2025-07-26");
  expect(other.prompt_ids).not.toEqual(today.prompt_ids);
});

test("a dry run counts thoughts, and names the variables and marks", () => {
  const audit = [
    "audit",
    "--model",
    thinker,
    "--prompts",
    set,
    "--templates",
    "chat",
    "--caps",
    "7",
    "--dry-run",
  ];
  const { stdout } = fathom([...audit, "--template-var", "enable_thinking=true", "--reasoning-cap", "30"]);
  expect(stdout).toMatch(/Template reads +enable_thinking=true/);
  expect(stdout).toMatch(/Thoughts +at most 30 tokens, between <think> and <\/think>/);
  expect(stdout).toMatch(/New tokens +at most 37/);
  const yaml = fathom([
    ...audit,
    "--yaml",
    "--template-var",
    "enable_thinking=false",
    "--date",
    "2025-01-31",
  ]).stdout;
  expect(yaml).toMatch(/reasoning_cap: 1024/);
  expect(yaml).toMatch(/template_vars:\n {2}enable_thinking: false/);
  expect(yaml).toMatch(/date: 2025-01-31/);
});

test.each<[string, string[], RegExp]>([
  ["no value", ["--template-var", "enable_thinking"], /--template-var: expected name=value/],
  ["one twice", ["--template-var", "a=1", "--template-var", "a=2"], /each variable once, found a twice/],
  [
    "one that the template never reads",
    ["--chat", "--template-var", "thinking=1"],
    /reads \(enable_thinking\), found "thinking"/,
  ],
  [
    "one that Fathom gives",
    ["--chat", "--template-var", "messages=[]"],
    /reads \(enable_thinking\), found "messages"/,
  ],
  [
    "no conversation",
    ["--template-var", "enable_thinking=false"],
    /expected a prompt that goes through the chat template/,
  ],
  [
    "a day that does not exist",
    ["--date", "2026-02-30"],
    /--date: expected a day as YYYY-MM-DD, found "2026-02-30"/,
  ],
  ["a day in words", ["--date", "today"], /--date: expected a day/],
])("%s is refused in one line", (_name, options, message) => {
  const { code, stdout, stderr } = fathom([
    "generate",
    "--model",
    thinker,
    "--prompts",
    prompts,
    "--max-new-tokens",
    "2",
    ...options,
  ]);
  expect(stderr).toMatch(message);
  expect([code, stdout, lines(stderr).length]).toEqual([2, "", 1]);
});
