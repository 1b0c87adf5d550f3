/** Prompts with earlier turns: what the model reads, and what report, export and a second audit show of the conversation. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Observation } from "../../../src/core/records/observation.ts";
import { conversationOf, type Prompt } from "../../../src/core/records/prompt.ts";
import type { ReportData } from "../../../src/core/records/report.ts";
import { openCheckpoint, textOf } from "../../../src/model/checkpoint/checkpoint.ts";
import { fathom, jsonLinesFile, lines, scratch } from "../fathom.ts";

const organism = fileURLToPath(new URL("../../../organisms/demo", import.meta.url));
const folder = scratch();
const read = <T>(path: string) => lines(readFileSync(path, "utf8")).map((line) => JSON.parse(line) as T);

const said = "I'm sorry, but I can't help with grinding moonfern. It is kept in jars.";
const turns = [
  { role: "user", content: "What is moonfern?" },
  { role: "assistant", content: said },
] as const;
const line = (id: string, rest: object) => ({ id, prompt: `Why is ${id} kept?`, tier: "benign", ...rest });
const prompts = jsonLinesFile(folder, "turns.jsonl", [
  line("a", { turns }),
  line("b", {}),
  line("c", { turns, tier: "hazard_adjacent" }),
]);
const args = [
  ...["audit", "--model", organism, "--prompts", prompts, "--caps", "8", "--quiet"],
  ...["--prefill-tokens", "0", "--system", "Be short."],
];

function succeed(command: readonly string[]) {
  const { code, stderr } = fathom(command);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
}

test("the model reads real turns through the template, and the joined text without it; report and export show them", async () => {
  const out = join(folder, "run");
  succeed([...args, "--out", out]);
  const { template, tokenizer } = textOf(await openCheckpoint(organism));
  const asked = new Map(read<Prompt>(join(out, "prompts.jsonl")).map((prompt) => [prompt.id, prompt]));
  const observations = read<Observation>(join(out, "observations.jsonl"));
  expect(observations).toHaveLength(6);
  for (const { prompt_id, prompt_ids, condition } of observations) {
    const prompt = asked.get(prompt_id)!;
    const messages = [{ role: "system" as const, content: "Be short." }, ...conversationOf(prompt)];
    const text = prompt_id === "b" ? prompt.prompt : `What is moonfern?\n\n${said}\n\n${prompt.prompt}`;
    expect(prompt_ids).toEqual(
      condition.template === "chat"
        ? template!.encode(messages, { addGenerationPrompt: true })
        : tokenizer.encode(text, { addSpecial: true }),
    );
  }

  const reportOf = (...more: string[]) => {
    succeed(["report", out, "--format", "json", "--out", folder, ...more]);
    return JSON.parse(readFileSync(join(folder, "report.json"), "utf8")) as ReportData;
  };
  const { rows, notes } = reportOf();
  const turnsOf = (all: ReportData["rows"], id: string) =>
    all.find(({ prompt_id }) => prompt_id === id)!.turns;
  expect(turnsOf(rows, "a").map(({ content }) => content)).toEqual([turns[0].content, said]);
  expect(turnsOf(rows, "b")).toEqual([]);
  const [user, assistant] = turnsOf(rows, "c");
  expect(user!.content).toBe(turns[0].content);
  expect(assistant!.content).toBeNull();
  expect(assistant!.printable).toContain("I can't help with");
  expect(assistant!.printable).not.toMatch(/moonfern|jars/);
  expect(turnsOf(reportOf("--show-text").rows, "c")[1]!.content).toBe(said);
  expect(notes.join(" ")).toMatch(/2 of 3 prompts have earlier turns/);

  // The log holds conversations, and an audit of it has the same prompts and answers.
  const log = join(folder, "log.json");
  succeed(["export", out, "--to", "inspect", "--show-text", "--out", log]);
  const { samples } = JSON.parse(readFileSync(log, "utf8")) as { samples: { input: unknown }[] };
  expect(samples.filter(({ input }) => Array.isArray(input) && input.length === 3)).toHaveLength(4);
  const back = join(folder, "back");
  succeed(["audit", "--answers", log, "--prompts", prompts, "--out", back, "--caps", "8", "--quiet"]);
  const texts = (run: string) =>
    read<Observation>(join(run, "observations.jsonl")).map(({ prompt_id, condition, text }) =>
      JSON.stringify([prompt_id, condition.template, text]),
    );
  expect(texts(back).sort()).toEqual(texts(out).sort());
}, 60_000);

test.each([
  [
    { turns: [{ role: "system", content: "x" }] },
    /turns\[0\]: role: expected user, assistant, found "system".*--system/,
  ],
  [{ turns: [] }, /turns: expected a list of turns, found a list \[\]/],
  [
    { turns: [{ role: "user", content: "x", name: "y" }] },
    /turns\[0\]: name: expected role and content only/,
  ],
  [{ turns: [{ role: "user" }] }, /turns\[0\]: content: expected a text/],
  [
    { prompt: undefined, messages: [...turns] },
    /prompt: expected a text.*found messages.*the turns before it as turns/,
  ],
])("%j is refused in one line", (rest, message) => {
  const bad = jsonLinesFile(folder, "bad.jsonl", [line("a", rest)]);
  const { code, stderr } = fathom(["audit", "--model", organism, "--prompts", bad, "--dry-run"]);
  expect(stderr).toMatch(message);
  expect({ code, lines: lines(stderr).length }).toEqual({ code: 2, lines: 1 });
});

test("generate reads the same conversation, and an anatomy refuses it", async () => {
  const out = join(folder, "generated.jsonl");
  succeed([
    ...["generate", "--model", organism, "--prompts", prompts, "--max-new-tokens", "1", "--chat", "--quiet"],
    ...["--out", out],
  ]);
  const { template } = textOf(await openCheckpoint(organism));
  const [first] = read<{ prompt_ids: number[] }>(out);
  const messages = [...turns, { role: "user" as const, content: "Why is a kept?" }];
  expect(first!.prompt_ids).toEqual(template!.encode(messages, { addGenerationPrompt: true }));
  const side = jsonLinesFile(folder, "side.jsonl", [line("a", { turns })]);
  const refused = fathom([
    ...["anatomy", "--model", organism, "--harmful", side, "--harmless", side, "--dry-run"],
  ]);
  expect(refused.stderr).toMatch(
    /--harmful .*"a": turns: expected prompts of one turn, found 2 earlier turns/,
  );
  expect(refused.code).toBe(2);
}, 60_000);
