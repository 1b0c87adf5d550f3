/** `sae train --domain`: the verdict on the contrastive term, the SAE in an audit, resuming, refusals. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, test } from "vitest";
import { contrastiveVerdictSchema } from "../../../src/core/records/contrastive-verdict.ts";
import { promptSchema } from "../../../src/core/records/prompt.ts";
import { withoutPrompts } from "../../../src/jobs/sae-training/domain-prompts.ts";
import { loadPrompts } from "../../../src/prompts/load.ts";
import { fingerprintOf } from "../../../src/sae/code/fingerprint.ts";
import { openSae } from "../../../src/sae/formats/open-sae.ts";
import { type Ended, fathom, namesIn, scratch, start } from "../fathom.ts";

const organism = fileURLToPath(new URL("../../../organisms/demo", import.meta.url));
const folder = scratch();
const plan = {
  "--model": organism,
  "--layer": "2",
  "--domain": "fiction",
  "--d-sae": "128",
  "--k": "8",
  "--steps": "60",
  "--batch-size": "256",
  "--seed": "3",
  "--threads": "1",
  "--checkpoint-every": "10",
};
const train = (out: string, changes: Record<string, string | undefined> = {}, ...more: string[]) => {
  const options: Record<string, string | undefined> = { ...plan, ...changes, "--out": out };
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  );
  return ["sae", "train", ...given, "--quiet", ...more];
};
/** The six trainings that most tests use. */
const two = { "--domain-seeds": "2" };
const whole = join(folder, "whole");
const unseen = join(whole, "unseen-prompts.jsonl");
let ended: Ended;

beforeAll(() => {
  ended = fathom(train(whole, two, "--json"));
});

describe("an SAE trained with a contrastive term", () => {
  it("has the verdict on the term in its record and in the output", () => {
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const { training } = JSON.parse(ended.stdout) as { training: Record<string, unknown> };
    const kept = JSON.parse(readFileSync(join(whole, "training.json"), "utf8")) as Record<string, unknown>;
    expect(kept["training"]).toEqual(training);
    expect(training).toMatchObject({
      domain: "fiction",
      contrastive: "mean-cosine",
      contrastive_weight: 0.1,
      tiers: "benign,hazard_adjacent",
      pool: "mean",
      domain_seeds: "3,4",
      random_tiers: "trained too",
    });
    const { finding, over_random, seeds } = contrastiveVerdictSchema.parse(training["verdict"]);
    expect(seeds).toMatchObject([
      { seed: "3", prompts: 32 },
      { seed: "4", prompts: 32 },
    ]);
    // Held out by one of the seeds, or by both.
    expect(finding.n).toBeGreaterThan(32);
    expect(finding.n).toBeLessThanOrEqual(64);
    expect(finding.sentence).toMatch(/contrastive term .* gain by seed is .* \(3\), .* \(4\)/);
    expect(over_random!.interval).not.toBeNull();
    expect(seeds[0]!.tokens).toBeGreaterThan(50);
  });

  it("is the first seed's: the same without the others, and without random tiers, which the verdict then says", () => {
    const out = join(folder, "one");
    const { code, stdout } = fathom(train(out, {}, "--no-random-tiers", "--json"));
    expect(code).toBe(0);
    for (const name of ["sae_weights.safetensors", "unseen-prompts.jsonl"])
      expect(readFileSync(join(out, name)).equals(readFileSync(join(whole, name))), name).toBe(true);
    const { training } = JSON.parse(stdout) as { training: Record<string, unknown> };
    const { finding, over_random, seeds } = contrastiveVerdictSchema.parse(training["verdict"]);
    expect({ over_random, n: finding.n, seeds: seeds.length }).toEqual({
      over_random: null,
      n: 32,
      seeds: 1,
    });
    expect(finding.sentence).toMatch(/of one seed, 3: .* at random in training do as much was not tried/);
  });

  it("leaves the prompts that an audit may score beside it, none of them matched with one it was trained on", async () => {
    const { prompts } = await loadPrompts("fiction");
    const lines = readFileSync(unseen, "utf8").trim().split("\n");
    const left = new Set(lines.map((line) => promptSchema.parse(JSON.parse(line)).id));
    const known = new Set(openSae(whole).trainedOnPrompts);
    const trained = prompts.filter((prompt) => known.has(fingerprintOf(prompt)));
    expect(trained.length).toBe(64);
    expect(trained.every(({ tier }) => tier !== "dual_use")).toBe(true);
    const pairs = new Set(trained.map(({ pair }) => pair));
    for (const { id, pair } of prompts) expect(left.has(id), id).toBe(pair === null || !pairs.has(pair));
  });

  it("is refused by an audit of prompts that it was trained on, and accepted for other prompts", () => {
    const audit = (prompts: string) => [
      "audit",
      ...["--model", organism, "--sae", whole, "--prompts", prompts, "--caps", "8", "--dry-run"],
    ];
    const refused = fathom(audit("fiction"));
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(
      /was not trained on the prompts to be scored, found 64 of 178.*unseen-prompts/,
    );
    expect(refused.stderr.trim().split("\n")).toHaveLength(1);
    expect(fathom(audit(unseen)).code).toBe(0);
  });

  it.each(["with-3", "random-4"])(
    "cut in the training %s and resumed, it ends in the same bytes",
    async (arm) => {
      const out = join(folder, arm);
      const state = join(`${out}.training`, `${arm}.safetensors`);
      const child = start(train(out, two));
      const end = new Promise((resolve) => child.on("close", resolve));
      while (!existsSync(state) && child.exitCode === null) await sleep(2);
      child.kill("SIGKILL");
      await end;
      expect(existsSync(join(out, "cfg.json"))).toBe(false);
      const other = fathom(train(out, { ...two, "--contrastive": "triplet" }, "--resume"));
      expect(other.stderr).toMatch(/contrastive mean-cosine, as the training began, found triplet/);
      expect(fathom(train(out, two, "--resume"))).toMatchObject({ code: 0, stderr: "" });
      expect(namesIn(out).sort()).toEqual(namesIn(whole).sort());
      for (const name of namesIn(whole))
        expect(readFileSync(join(out, name)).equals(readFileSync(join(whole, name))), name).toBe(true);
    },
  );
});

test("a preset sets the options that are not given", () => {
  const sizes = { "--d-sae": "64", "--k": undefined, "--steps": "2", "--preset": "published" };
  const { code, stdout } = fathom(train(join(folder, "preset"), sizes, "--json"));
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as { training: unknown }).training).toMatchObject({
    d_sae: 64,
    k: 32,
    steps: 2,
    rate: 3e-4,
    weightDecay: 0.01,
    l1Weight: 0.04,
    contrastive: "mean-cosine",
    contrastive_weight: 0.1,
  });
});

test("features can be pooled over the model's own answers", () => {
  const changes = { "--pool": "answer", "--steps": "20" };
  const { code, stdout } = fathom(train(join(folder, "answer"), changes, "--json"));
  expect(code).toBe(0);
  const told = (text: string) =>
    (JSON.parse(text) as { training: { pool: string; rows: number; verdict: { seeds: unknown[] } } })
      .training;
  const [answer, mean] = [told(stdout), told(ended.stdout)];
  expect(answer.pool).toBe("answer");
  // The tokens of the answers are in the training too.
  expect(answer.rows).toBeGreaterThan(1.5 * mean.rows);
  expect(answer.verdict.seeds[0]).not.toEqual(mean.verdict.seeds[0]);
});

test("what an SAE began with has seen is known of it, and is no judge of it", () => {
  const fitted = join(folder, "fitted");
  const from = { "--d-sae": undefined, "--k": undefined, "--from": whole, "--steps": "2" };
  expect(fathom(train(fitted, { ...from, "--contrastive": "triplet" }))).toMatchObject({
    code: 0,
    stderr: "",
  });
  expect(openSae(fitted).trainedOnPrompts).toEqual(openSae(whole).trainedOnPrompts);
  const text = { "--domain": undefined, "--prompts": "fiction" };
  expect(fathom(train(join(folder, "on"), { ...from, ...text })).code).toBe(0);
  expect(openSae(join(folder, "on")).trainedOnPrompts).toEqual(openSae(whole).trainedOnPrompts);
  // Every other seed holds out other prompts.
  for (const seeds of [{ "--seed": "4" }, two]) {
    const other = fathom(train(join(folder, "other"), { ...from, ...seeds }));
    expect(other.code).toBe(2);
    expect(other.stderr).toMatch(/was not trained on the prompts to be scored, found \d+ of 32/);
  }
});

test("a prompt of the domain among the texts is read as a prompt alone, and no answer to it is", () => {
  const all: [from: number, ...ids: number[]][] = [
    [0, 1, 2],
    [0, 1, 2, 3],
    [0, 4],
    [3, 1, 2, 3, 4],
    [2, 1, 2, 3, 4],
  ];
  const texts = all.map(([from, ...ids], at) => ({ id: String(at), ids, from }));
  const domain = { inputs: [{ id: "held", ids: [1, 2, 3] }] } as Parameters<typeof withoutPrompts>[1];
  expect(withoutPrompts(texts, domain).map(({ id }) => id)).toEqual(["0", "2", "4"]);
  expect(withoutPrompts(texts, null)).toEqual(texts);
});

test.each<[string, Record<string, string | undefined>, RegExp]>([
  [
    "a loss without prompts",
    { "--domain": undefined, "--contrastive": "triplet" },
    /--contrastive: expected --domain/,
  ],
  [
    "a preset without prompts",
    { "--domain": undefined, "--preset": "published" },
    /--preset published: expected --domain/,
  ],
  [
    "no size",
    { "--d-sae": undefined },
    /--d-sae: expected a number of features, an SAE --from, or a --preset, found none/,
  ],
  ["one tier", { "--tiers": "benign" }, /two at least, found benign/],
  [
    "seeds without prompts",
    { "--domain": undefined, "--domain-seeds": "3" },
    /--domain-seeds: expected --domain/,
  ],
  ["a weight of 0", { "--contrastive-weight": "0" }, /--contrastive-weight: expected a number/],
  ["no prompts at all", { "--domain": undefined }, /one of --text and --prompts, found neither/],
])("refuses %s in one line", (_, changes, message) => {
  const { code, stdout, stderr } = fathom(train(join(folder, "x"), changes));
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(message);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(existsSync(join(folder, "x.training"))).toBe(false);
});
