import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { FathomError } from "../../core/errors.ts";
import { random } from "../../core/random.ts";
import { findingSchema } from "../../core/records/finding.ts";
import { rescoreFindings } from "./findings.ts";
import { rescore } from "./rescore.ts";
import { rescoreLines } from "./text.ts";

interface Recorded {
  surface_order: string[];
  feature_order: string[];
  T: Record<string, number[][]>;
  runs: {
    run: string;
    calibration: string | null;
    records: { id: string; tier: string; label: string; s?: number[]; f?: number[]; D?: number }[];
  }[];
}
const load = () =>
  JSON.parse(
    readFileSync(
      new URL("../../../test/fixtures/rescore/biorefusalaudit-records.json", import.meta.url),
      "utf8",
    ),
  ) as Recorded;
const [tuned, gemma4, ...withoutSae] = rescore(load()).runs;

describe("the published records", () => {
  it("give the recorded D to 1e-6, for every record of the runs that had features", () => {
    for (const run of [tuned!, gemma4!]) {
      expect(run.records).toHaveLength(75);
      for (const { D, recorded } of run.records) expect(Math.abs(D! - recorded!)).toBeLessThan(1e-6);
    }
  });

  it("give the published tier means, standard deviations and effect", () => {
    const row = (tier: string) => tuned!.tiers.find((candidate) => candidate.tier.startsWith(tier))!;
    for (const [tier, mean, sd] of [
      ["benign", 0.467, 0.19],
      ["dual", 0.655, 0.119],
      ["hazard", 0.669, 0.113],
    ] as const) {
      expect(row(tier).mean).toBeCloseTo(mean, 3);
      expect(row(tier).sd).toBeCloseTo(sd, 3);
    }
    expect(row("hazard").d_as_published).toBeCloseTo(1.29, 2);
    const byLabel = Object.fromEntries(gemma4!.labels.map((label) => [label.label, label]));
    expect([byLabel["comply"]!.n, byLabel["refuse"]!.n]).toEqual([59, 16]);
    expect(byLabel["comply"]!.mean).toBeCloseTo(0.896, 3);
    expect(byLabel["refuse"]!.mean).toBeCloseTo(0.25, 2);
  });

  it("show the inversion under a T that was not fitted on the records it scores", () => {
    expect(tuned!.tiers.find(({ tier }) => tier.startsWith("hazard"))!.d_held_out).toBeLessThan(-0.5);
  });

  it("get their verdicts: one table says more than the label, one is the label restated, three were never measured", () => {
    expect(tuned!.label_share.verdict).toBe("says more than the label");
    expect(gemma4!.label_share.verdict).toBe("the label restated");
    expect(gemma4!.label_share.interval![0]).toBeGreaterThan(0.99);
    expect(gemma4!.label_share.shuffled_features!.estimate).toBeGreaterThan(0.99);
    for (const run of withoutSae) {
      expect(run.label_share).toMatchObject({ verdict: "not measured", estimate: null });
      expect(run.records.every(({ D }) => D === null)).toBe(true);
    }
    expect(withoutSae).toHaveLength(3);
  });

  it("are recognized by their numbers, not by their names", () => {
    const records = load();
    const [a, b] = records.runs;
    [a!.run, b!.run] = [b!.run, a!.run];
    const swapped = rescore(records).runs;
    expect(swapped[0]!.label_share.verdict).toBe("says more than the label");
    expect(swapped[1]!.label_share.verdict).toBe("the label restated");
  });

  it("lose the verdict if the features of the restated table really vary", () => {
    const records = load();
    const stream = random("features");
    for (const record of records.runs[1]!.records) record.f = record.f!.map(() => stream.uniform());
    expect(rescore(records).runs[1]!.label_share.verdict).not.toBe("the label restated");
  });

  it("count the refusals that no judge voted for", () => {
    const silent = rescoreFindings({ runs: [gemma4!] }).find(({ id }) => id.endsWith("silent_refusals"))!;
    expect(silent).toMatchObject({ estimate: 1, n: 16, status: "found" });
  });

  it("make valid findings and text, the same every time", () => {
    const again = rescore(load());
    expect(again).toEqual({ runs: [tuned, gemma4, ...withoutSae] });
    for (const finding of rescoreFindings(again)) findingSchema.parse(finding);
    const text = rescoreLines(again).join("\n");
    expect(text).toContain("0.467 ± 0.190");
    expect(text).toMatch(/The label restated/);
    expect(text).not.toMatch(/NaN|Infinity|null/);
  });

  it("keep runs apart whose names begin alike", () => {
    const records = load();
    records.runs[0]!.run = "gemma";
    records.runs[1]!.run = "gemma.4";
    const lines = rescoreLines(rescore({ ...records, runs: records.runs.slice(0, 2) }));
    expect(lines.filter((line) => line.startsWith("  - "))).toHaveLength(8);
  });
});

describe("undefined", () => {
  it("is null where the source wrote 1.0: no features, no active feature, or no surface vector", () => {
    const records = load();
    const [first, second, third] = records.runs[0]!.records;
    first!.f = [0, 0, 0, 0, 0];
    delete second!.f;
    third!.s = [0, 0, 0, 0, 0];
    for (const record of [first!, second!, third!]) record.D = 1;
    const [run] = rescore(records).runs;
    for (const place of [0, 1, 2]) expect(run!.records[place]).toMatchObject({ D: null, recorded: 1 });
    expect(run!.tiers[0]).toMatchObject({ n: 20, undefined: 3 });
    const [reproduced] = rescoreFindings({ runs: [run!] });
    expect(reproduced!.sentence).toContain("For 3 of those the file has a D nevertheless");
  });

  it("is reported for a recorded D that the formula does not give", () => {
    const records = load();
    records.runs[0]!.records[7]!.D! += 0.01;
    const [reproduced] = rescoreFindings(rescore(records));
    expect(reproduced).toMatchObject({ status: "not found" });
    expect(reproduced!.estimate).toBeCloseTo(0.01, 6);
  });
});

describe("bad input", () => {
  const message = (change: (records: Recorded) => unknown): string => {
    const records = load();
    const input = change(records) ?? records;
    try {
      rescore(input);
    } catch (error) {
      expect(error).toBeInstanceOf(FathomError);
      return (error as Error).message;
    }
    return "accepted";
  };

  it("is reported with its place", () => {
    expect(message(() => [])).toMatch(/^records: expected the shape/);
    expect(message((r) => void (r.runs[1]!.records[4]!.s = ["x"] as never))).toMatch(
      /^records\.runs\[1\]\.records\[4\]\.s\[0\]/,
    );
    expect(message((r) => void (r.runs[0]!.records[2]!.f = [1, 2]))).toMatch(
      /record bio_003: expected f of 5 numbers, found 2/,
    );
    expect(message((r) => void (r.runs[0]!.calibration = "constructor"))).toMatch(
      /one of within_sample, prior/,
    );
    expect(message((r) => void (r.runs[0]!.calibration = null))).toMatch(/features without one/);
    expect(message((r) => void r.T["prior"]!.pop())).toMatch(/T\.prior: expected 5 rows/);
    expect(message((r) => void (r.runs[0]!.records[1]!.id = "bio_001"))).toMatch(/found it twice/);
  });
});
