/** The distance of two checkpoints at each token: against PyTorch and Transformers, and as `fathom audit --kl-to` measures it. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { KlRecord } from "../../src/core/records/fidelity.ts";
import type { Finding } from "../../src/core/records/finding.ts";
import type { ReportData } from "../../src/core/records/report.ts";
import { compareModels } from "../../src/jobs/audit/logits/compare-models.ts";
import { otherModelOf } from "../../src/jobs/audit/logits/kl-to.ts";
import { openCheckpoint } from "../../src/model/checkpoint/checkpoint.ts";
import { modelOf } from "../../src/model/model.ts";
import { fathom, fixture, lines, scratch } from "../cli/fathom.ts";

const folder = scratch();
const engine = (name: string) => fixture(`engine/${name}`);

const named = z.tuple([z.string(), z.string().nullable()]);
const prompt = z.strictObject({
  ids: z.array(z.int()),
  kl: z.array(z.number()),
  agrees: z.array(z.boolean()),
});
const referenceSchema = z.object({
  pairs: z.array(z.strictObject({ first: named, second: named, prompts: z.array(prompt) })),
});
const { pairs } = referenceSchema.parse(
  JSON.parse(readFileSync(join(fixture("kl"), "reference.json"), "utf8")),
);

describe("is that of PyTorch, from the logits of Transformers", () => {
  test.each(pairs.map((pair) => [`${pair.first.join(" ")} ‖ ${pair.second.join(" ")}`, pair] as const))(
    "%s",
    async (_, { first, second, prompts }) => {
      const open = ([model, adapter]: z.infer<typeof named>) =>
        openCheckpoint(engine(model), adapter === null ? null : fixture(`adapters/${adapter}`)).then(
          async (checkpoint) => await modelOf(checkpoint),
        );
      const compared = await compareModels({
        readings: prompts.map(({ ids }, i) => ({ id: String(i), ids, from: 0 })),
        first: () => open(first),
        second: () => open(second),
        beside: join(folder, "logits"),
      });
      for (const [i, { kl, agrees }] of prompts.entries()) {
        expect(compared[i]!.map((one) => one.agrees)).toEqual(agrees);
        const worst = Math.max(...kl.map((value, at) => Math.abs(compared[i]![at]!.kl - value) / value));
        expect(worst).toBeLessThan(2e-5);
      }
    },
  );
});

test("refuses a checkpoint that reads other tokens, or that is the same", async () => {
  const other = join(folder, "other-token");
  cpSync(engine("qwen3-norms"), other, { recursive: true });
  const path = join(other, "tokenizer.json");
  const tokenizer = readFileSync(path, "utf8");
  const exchanged = JSON.parse(tokenizer) as { model: { vocab: Record<string, number> } };
  const { vocab } = exchanged.model;
  [vocab["he"], vocab["er"]] = [vocab["er"]!, vocab["he"]!];
  writeFileSync(path, JSON.stringify(exchanged));
  const refusal = async (named: string): Promise<string> => {
    const [own, its] = [await openCheckpoint(engine("qwen2-biases")), await openCheckpoint(named)];
    try {
      otherModelOf(own, its, "fp32");
      return "";
    } catch (error) {
      return (error as Error).message;
    } finally {
      own.weights.close();
      its.weights.close();
    }
  };
  expect(await refusal(engine("qwen3-norms"))).toBe("");
  expect(await refusal(engine("qwen2-biases"))).toMatch(/expected another checkpoint.*the same weights/);
  expect(await refusal(engine("llama-gqa-bias"))).toMatch(
    /expected 320 tokens, as .*, found 336 tokens\. Try/,
  );
  expect(await refusal(other)).toContain('whose token 262 is "he", found "er"');
});

describe("fathom audit --kl-to", () => {
  const out = join(folder, "run");
  const set = ["--prompts", "biology", "--limit", "18", "--templates", "none", "--caps", "8,24"];
  const args = ["audit", "--model", engine("qwen2-biases"), ...set, "--quiet", "--out"];
  const other = ["--kl-to", engine("qwen3-norms")];
  const read = (name: string): unknown => JSON.parse(readFileSync(join(out, name), "utf8"));
  const findings = () => read("findings.json") as Finding[];
  const records = () =>
    lines(readFileSync(join(out, "kl.jsonl"), "utf8")).map((line) => JSON.parse(line) as KlRecord);

  beforeAll(() => {
    // The answers of random weights get no label, so the audit ends with 1.
    expect(fathom([...args, out, ...other]).code).toBe(1);
  });

  test("keeps each token of the answers, and makes findings and curves of them", () => {
    const observations = lines(readFileSync(join(out, "observations.jsonl"), "utf8")).map(
      (line) => JSON.parse(line) as { key: string; ids: number[] },
    );
    const lengths = new Map(observations.map(({ key, ids }) => [key, ids.length]));
    expect(records().length).toBeGreaterThan(12);
    for (const { observation, kl } of records()) expect(kl).toHaveLength(lengths.get(observation)!);
    const all = records().flatMap(({ kl }) => kl);
    const found = findings().find(({ id }) => id === "kl.mean.none")!;
    expect(found).toMatchObject({
      unit: "nats",
      n: records().length,
      group: "distance to another checkpoint",
    });
    expect(found.estimate).toBeCloseTo(all.reduce((sum, kl) => sum + kl, 0) / all.length, 4);
    fathom(["report", out, "--format", "json,md"]);
    const { kl_to } = read("report.json") as ReportData;
    expect(kl_to).toMatchObject({ other: "qwen3-norms" });
    expect(kl_to!.curves.map(({ tier }) => tier)).toEqual(["benign", "dual_use", "hazard_adjacent"]);
    const report = readFileSync(join(out, "report.md"), "utf8");
    expect(report).toContain("Distance from qwen3-norms, by the token's place in the answer");
    expect(report).toMatch(/\| Compared with \| name \| qwen3-norms \|/);
  });

  test("a resume reads only what is missing, and gives the same; without --kl-to it leaves it out", () => {
    const [before, whole] = [readFileSync(join(out, "findings.json"), "utf8"), records()];
    const kept = lines(readFileSync(join(out, "kl.jsonl"), "utf8")).slice(0, 5);
    writeFileSync(join(out, "kl.jsonl"), `${kept.join("\n")}\n`);
    expect(fathom([...args, out, ...other, "--resume"]).code).toBe(1);
    expect(readFileSync(join(out, "findings.json"), "utf8")).toBe(before);
    expect(records()).toEqual(whole);
    expect(fathom([...args, out, "--resume"]).code).toBe(1);
    expect(findings().some(({ about }) => about.kind === "kl_to")).toBe(false);
  });

  test.each<[string, string[], RegExp]>([
    [
      "an adapter alone",
      ["--kl-to-adapter", fixture("adapters/head-norms")],
      /kl_to_adapter: expected kl_to beside it/,
    ],
    [
      "an endpoint",
      ["--endpoint", "http://127.0.0.1:9/v1", "--templates", "chat", "--kl-to", engine("qwen3-norms")],
      /--kl-to: expected a checkpoint on this machine, found an endpoint, which gives no distributions/,
    ],
  ])("refuses %s in one line", (_, more, message) => {
    const { code, stderr } = fathom([...args, join(folder, "none"), ...more]);
    expect(code).toBe(2);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toMatch(message);
  });
});
