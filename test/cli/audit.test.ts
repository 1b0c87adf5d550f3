/** An audit from the command line to its files; also killed, interrupted and resumed. */
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { quoted } from "../../src/cli/terminal/quoted.ts";
import { findingSchema } from "../../src/core/records/finding.ts";
import { insideSchema } from "../../src/core/records/inside.ts";
import { observationSchema } from "../../src/core/records/observation.ts";
import { reportDataSchema } from "../../src/core/records/report.ts";
import { holdAlone } from "../../src/files/disk/lock.ts";
import {
  type Ended,
  fathom,
  fixture,
  lines,
  namesIn,
  scratch,
  sendable,
  start,
  tinyModel,
} from "./fathom.ts";

const organism = fileURLToPath(new URL("../../organisms/demo", import.meta.url));
const folder = scratch();
const prompts = 24;
const plan = [
  "--model",
  tinyModel,
  "--prompts",
  "biology",
  "--limit",
  String(prompts),
  "--prefill-tokens",
  "0",
  "--caps",
  "8,48",
];
const whole = join(folder, "whole");
const read = (run: string, name: string) => readFileSync(join(run, name), "utf8");
let ended: Ended;

beforeAll(() => {
  ended = fathom(["audit", ...plan, "--out", whole]);
});

test("writes records that parse, findings and both reports", () => {
  expect(namesIn(whole).sort()).toEqual([
    "activations",
    "findings.json",
    "inside.json",
    "manifest.json",
    "observations.jsonl",
    "prompts.jsonl",
    "report.html",
    "report.md",
    "verdicts.jsonl",
    "votes.jsonl",
  ]);
  const findings = z.array(findingSchema).parse(JSON.parse(read(whole, "findings.json")));
  expect(findings.length).toBeGreaterThan(10);
  const observations = lines(read(whole, "observations.jsonl")).map((line) =>
    observationSchema.parse(JSON.parse(line)),
  );
  expect(observations).toHaveLength(2 * prompts);
  expect(new Set(observations.map(({ condition }) => condition.template))).toEqual(new Set(["chat", "none"]));
  expect(lines(read(whole, "verdicts.jsonl"))).toHaveLength(2 * 2 * prompts);
  expect(read(whole, "report.md")).toContain("# Refusal depth of llama-gqa-bias");
  expect(ended.stdout).toContain(join(whole, "report.html"));
});

test("an audit with too many answers without a label reports it, and does not exit with 0", () => {
  // Eight random tokens are too few for any verdict.
  const run = join(folder, "unjudged");
  const { code, stderr } = fathom(["audit", ...plan, "--caps", "8", "--limit", "6", "--out", run, "--quiet"]);
  expect(stderr).toMatch(/^fathom: 6 of 6 answers got no label \(template chat, first 8 tokens\)/);
  expect(lines(stderr)).toHaveLength(1);
  expect(code).toBe(1);
  expect(namesIn(run)).toContain("report.html");
});

test("the report names what was audited, and what was not measured", () => {
  const out = join(folder, "again");
  expect(fathom(["report", whole, "--format", "html,md,json", "--out", out]).code).toBe(0);
  expect(namesIn(out).sort()).toEqual(["report.html", "report.json", "report.md"]);
  expect(read(out, "report.html")).toBe(read(whole, "report.html"));
  expect(read(out, "report.md")).toBe(read(whole, "report.md"));
  const data = reportDataSchema.parse(JSON.parse(read(out, "report.json")));
  const manifest = JSON.parse(read(whole, "manifest.json")) as { inputs: { model: { sha256: string } } };
  expect(data.identities).toContainEqual({
    subject: "Model",
    label: "SHA-256",
    value: manifest.inputs.model.sha256,
  });
  const said = data.not_measured.join(" ");
  for (const word of ["no SAE was given", "fp32", "Other judges", "English", "first 24 prompts"])
    expect(said).toContain(word);
  expect(data.rows.filter(({ redacted }) => redacted).length).toBeGreaterThan(0);
  const shown = join(folder, "shown");
  fathom(["report", whole, "--format", "json", "--out", shown, "--show-text"]);
  expect(reportDataSchema.parse(JSON.parse(read(shown, "report.json"))).redaction.answers).toBe(0);
});

test("--json prints {run, findings}, and resuming a finished run repeats nothing", () => {
  const before = read(whole, "observations.jsonl");
  const findings = read(whole, "findings.json");
  const { code, stdout } = fathom(["audit", ...plan, "--out", whole, "--resume", "--json", "--quiet"]);
  expect(code).toBe(ended.code);
  expect(JSON.parse(stdout)).toEqual({ run: whole, findings: JSON.parse(findings) as unknown });
  expect(read(whole, "observations.jsonl")).toBe(before);
  expect(read(whole, "findings.json")).toBe(findings);
});

test("a plan file does the same, and options override it", () => {
  const file = join(folder, "audit.yaml");
  writeFileSync(file, `model: ${tinyModel}\nprompts: biology\nlimit: 5\ncaps: [4, 8]\nout: ./from-file\n`);
  const shown = fathom(["audit", file, "--dry-run", "--json", "--limit", "3"]);
  expect(shown.code).toBe(0);
  const {
    plan: chosen,
    work,
    smallest_effects: effects,
  } = JSON.parse(shown.stdout) as { plan: object; work: object; smallest_effects: object[] };
  // One matched pair.
  expect(effects[0]).toMatchObject({ headline: "headline.refuses", effect: null, n: 1, power: 0.8 });
  expect(chosen).toMatchObject({
    limit: 3,
    caps: [4, 8],
    templates: ["chat", "none"],
    temperature: 0,
    seed: 0,
    prefill_tokens: [0, 5],
  });
  // A triple in two templates; its hazard-adjacent and its benign prompt again, each after its opening.
  expect(work).toMatchObject({ prompts: 3, conditions: 4, answers: 8, most_new_tokens: 64 });
  expect(existsSync(join(folder, "from-file"))).toBe(false);

  writeFileSync(file, `model: ${tinyModel}\nprompts: biology\ncapz: [4]\n`);
  const { code, stderr } = fathom(["audit", file]);
  expect(stderr).toContain(`${file}:3 capz`);
  expect(lines(stderr)).toHaveLength(1);
  expect(code).toBe(2);
});

test("--dry-run prints the plan, its cost and how it was estimated", () => {
  const { code, stdout, stderr } = fathom(["audit", ...plan, "--dry-run"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  for (const line of [
    /Answers +48 to 24 prompts, under 2 conditions/,
    /Conditions +24 answers, +\d+% of the time: chat template$/m,
    /^ +24 answers, +\d+% of the time: bare text$/m,
    /New tokens +at most 2,304/,
    /Time +.* to .*/,
  ])
    expect(stdout).toMatch(line);
  expect(stdout).toContain("GB/s");
  expect(stdout).toContain(
    "headline.refuses: hazards refused 81 points more than their benign partners, with 8",
  );
});

/** Waits until a run has some of its answers, but not all. */
async function someAnswers(run: string): Promise<void> {
  const path = join(run, "observations.jsonl");
  for (let waited = 0; waited < 30_000; waited += 5) {
    if (existsSync(path) && lines(readFileSync(path, "utf8")).length >= 3) return;
    await sleep(5);
  }
  throw new Error("no answers within 30 s");
}

// Few rows at a time and one thread: slow enough to be stopped in the middle.
const slow = [...plan, "--caps", "8,100", "--batch-size", "2", "--threads", "1"];

test.each(sendable(["SIGKILL", "SIGINT", "SIGTERM", "SIGHUP"]))(
  "stopped by %s in the middle, a run keeps its answers; resumed, it ends with the same findings, byte for byte",
  async (signal) => {
    const uninterrupted = join(folder, "uninterrupted");
    if (!existsSync(uninterrupted)) fathom(["audit", ...slow, "--out", uninterrupted]);
    const run = join(folder, signal);
    const child = start(["audit", ...slow, "--out", run]);
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
      child.on("close", (code, by) => {
        resolve({ code, signal: by });
      }),
    );
    await someAnswers(run);
    child.kill(signal);
    const how = await exit;
    const observed = lines(read(run, "observations.jsonl")).length;
    expect(observed).toBeGreaterThan(0);
    expect(observed).toBeLessThan(2 * prompts);
    expect(existsSync(join(run, "findings.json"))).toBe(false);
    expect(existsSync(join(run, "report.html"))).toBe(false);
    if (signal === "SIGKILL") expect(how.signal).toBe("SIGKILL");
    else {
      expect(how.code).toBe(130);
      expect(lines(stderr)).toEqual([
        `fathom: interrupted. To go on: npx fathom ${["audit", ...slow, "--out", run, "--resume"].map((text) => quoted(text)).join(" ")}`,
      ]);
    }

    expect(fathom(["report", run])).toMatchObject({ code: 2, stdout: "" });
    expect(fathom(["audit", ...slow, "--out", run]).stderr).toContain("a run already begun");
    // What was written does not depend on which of the signals asked the run to end.
    if (signal === "SIGTERM" || signal === "SIGHUP") return;
    fathom(["audit", ...slow, "--out", run, "--resume"]);
    expect(read(run, "findings.json")).toBe(read(uninterrupted, "findings.json"));
    expect(read(run, "verdicts.jsonl")).toBe(read(uninterrupted, "verdicts.jsonl"));
  },
);

test("a run is resumed only with the inputs that it began with", () => {
  for (const [change, message] of [
    // One for each kind of input: the questions, the model, the prompts.
    [["--caps", "8,49"], "inputs.plan.caps: expected [8,48] as when the run began, found [8,49]"],
    [["--limit", "23"], "inputs.prompts.n: expected 24"],
    [["--model", fixture("engine/llama-mha-tied")], "inputs.model: expected llama-gqa-bias, SHA-256"],
    [["--prompts", "fiction"], "inputs.prompts: expected biology, SHA-256"],
  ] as const) {
    const { code, stdout, stderr } = fathom(["audit", ...plan, ...change, "--out", whole, "--resume"]);
    expect(stderr).toContain(message);
    expect(lines(stderr)).toHaveLength(1);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  }
});

test("a system prompt is used with the chat template; bare text in the same run has none", () => {
  const run = join(folder, "system");
  const system = ["--limit", "3", "--system", "You are a librarian."];
  const { stderr } = fathom(["audit", ...plan, ...system, "--out", run, "--quiet"]);
  expect(stderr).not.toContain("expected");
  const observed = lines(read(run, "observations.jsonl")).map((line) =>
    observationSchema.parse(JSON.parse(line)),
  );
  expect(
    new Set(observed.map(({ condition }) => `${condition.template} ${condition.system ?? "-"}`)),
  ).toEqual(new Set(["chat You are a librarian.", "none -"]));
  expect(read(run, "report.md")).toContain("(with the chat template and system prompt; as bare text)");
  for (const dry of [[], ["--dry-run"]]) {
    const bare = fathom([
      "audit",
      ...plan,
      ...system,
      "--templates",
      "none",
      "--out",
      join(folder, "bare"),
      ...dry,
    ]);
    expect(bare.stderr).toContain("system prompt: expected the chat template among the templates");
    expect(lines(bare.stderr)).toHaveLength(1);
    expect(bare.code).toBe(2);
  }
  expect(existsSync(join(folder, "bare"))).toBe(false);
});

test("an SAE without an answer to judge it on is not measured, and the run is complete", () => {
  const silent = join(folder, "silent");
  cpSync(organism, silent, { recursive: true });
  // Every token ends an answer.
  const ends = JSON.stringify({ eos_token_id: Array.from({ length: 1024 }, (_, id) => id) });
  writeFileSync(join(silent, "generation_config.json"), ends);
  const run = join(folder, "silent-run");
  const sae = ["--sae", join(silent, "sae"), "--limit", "4", "--caps", "4"];
  const { stderr } = fathom([
    "audit",
    "--model",
    silent,
    "--prompts",
    "fiction",
    ...sae,
    "--out",
    run,
    "--quiet",
  ]);
  expect(stderr).toContain("4 of 4 answers got no label");
  expect(insideSchema.parse(JSON.parse(read(run, "inside.json")))[0]!.not_measured).toContain(
    "the answers have 0 tokens, and 2 are needed",
  );
});

test("a fine-tune is audited as its base with an adapter, by option or plan, and is resumed only with it", () => {
  const file = join(folder, "adapted.yaml");
  const adapter = fixture("adapters/all-linear");
  writeFileSync(
    file,
    `model: ${tinyModel}\nadapter: ${adapter}\nprompts: biology\nlimit: 4\ncaps: [16]\nprefill_tokens: [0]\n`,
  );
  const run = join(folder, "adapted");
  fathom(["audit", file, "--out", run, "--quiet"]);
  const inputs = (of: string) =>
    (JSON.parse(read(of, "manifest.json")) as { inputs: Record<string, { name: string; sha256: string }> })
      .inputs;
  expect(inputs(run)["adapter"]).toMatchObject({ name: "all-linear", made_for: "llama-gqa-bias" });
  expect(inputs(run)["model"]).toEqual(inputs(whole)["model"]);
  expect(inputs(whole)["adapter"]).toBeNull();
  expect(read(run, "report.md")).toContain("# Refusal depth of llama-gqa-bias with all-linear");

  const without = [
    "--model",
    tinyModel,
    "--prompts",
    "biology",
    "--limit",
    "4",
    "--prefill-tokens",
    "0",
    "--caps",
    "16",
  ];
  const base = join(folder, "its-base");
  fathom(["audit", ...without, "--out", base, "--quiet"]);
  const said = (of: string) =>
    lines(read(of, "observations.jsonl")).map((line) => observationSchema.parse(JSON.parse(line)));
  const keys = new Set(said(base).map(({ key }) => key));
  for (const { key } of said(run)) expect(keys.has(key)).toBe(false);
  expect(said(run).map(({ text }) => text)).not.toEqual(said(base).map(({ text }) => text));

  for (const [args, line] of [
    [without, /inputs.adapter: expected .*all-linear.* as when the run began, found null/],
    [[...without, "--adapter", fixture("adapters/some-layers")], /some-layers.*: expected/],
  ] as const) {
    const { code, stderr } = fathom(["audit", ...args, "--out", run, "--resume"]);
    expect(stderr).toMatch(line);
    expect(lines(stderr)).toHaveLength(1);
    expect(code).toBe(2);
  }
  const again = fathom(["audit", ...without, "--adapter", adapter, "--out", run, "--resume", "--quiet"]);
  expect(again.code).not.toBe(2);
  expect(again.stdout).toContain(join(run, "report.html"));
});

test("a run that another process works on is not touched", () => {
  const findings = read(whole, "findings.json");
  const release = holdAlone(whole);
  const { code, stderr } = fathom(["audit", ...plan, "--out", whole, "--resume"]);
  release();
  expect(stderr).toContain(`${whole}: expected no other process at work on it, found process ${process.pid}`);
  expect(lines(stderr)).toHaveLength(1);
  expect(code).toBe(2);
  expect(read(whole, "findings.json")).toBe(findings);
});

test("a run of a newer version is refused", () => {
  const manifest = join(whole, "manifest.json");
  const text = readFileSync(manifest, "utf8");
  try {
    writeFileSync(manifest, text.replace('"format": 2', '"format": 3'));
    for (const args of [
      ["audit", ...plan, "--out", whole, "--resume"],
      ["report", whole],
    ]) {
      const { code, stderr } = fathom(args);
      expect(stderr).toContain("expected a run of format 2 or older, found format 3");
      expect(lines(stderr)).toHaveLength(1);
      expect(code).toBe(2);
    }
  } finally {
    writeFileSync(manifest, text);
  }
});

test.skipIf(!existsSync("/dev/full"))(
  "a full disk ends a run with one line, and freeing it lets it go on",
  () => {
    const run = join(folder, "full");
    const journal = join(run, "observations.jsonl");
    fathom(["audit", ...plan, "--limit", "5", "--out", run, "--quiet"]);
    const findings = read(run, "findings.json");
    rmSync(journal);
    symlinkSync("/dev/full", journal);
    const args = ["audit", ...plan, "--limit", "5", "--out", run, "--resume", "--quiet"];
    const { code, stderr } = fathom(args);
    expect(stderr).toContain("expected room on the disk, found none left (ENOSPC)");
    expect(lines(stderr)).toHaveLength(1);
    expect(code).toBe(1);
    expect(existsSync(join(run, "findings.json"))).toBe(false);
    rmSync(journal);
    fathom(args);
    expect(read(run, "findings.json")).toBe(findings);
  },
);
