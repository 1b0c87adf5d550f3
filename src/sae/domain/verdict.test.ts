/** The verdict on a contrastive term when the truth is known, and the split of the prompts. */
import { describe, expect, it } from "vitest";
import { type Random, random } from "../../core/random.ts";
import type { Prompt, Tier } from "../../core/records/prompt.ts";
import { rowsOf } from "../code/rows.ts";
import type { Quality } from "../measure/quality/quality.ts";
import { labelledRows } from "./labelled.ts";
import { isNearestOwn, type Placed, separationOf } from "./separation.ts";
import { splitPrompts } from "./split.ts";
import { contrastiveVerdict, type SeedArms } from "./verdict.ts";

const tiers = ["benign", "hazard_adjacent"] as const;

function prompt(id: string, tier: Tier, pair: string | null, more: Partial<Prompt> = {}): Prompt {
  const rest = {
    framing: "direct",
    category: "plant",
    panel: "main",
    rationale: "",
    expected_surface: null,
  } as const;
  return { id, prompt: `What is ${id}?`, tier, pair, ...rest, ...more };
}

const pairs = (n: number) =>
  Array.from({ length: n }, (_, at) =>
    tiers.map((tier) => prompt(`${at} ${tier}`, tier, `pair ${at}`)),
  ).flat();

/** Prompts whose own tier is nearer by `gap` on average. */
function placed(n: number, gap: number, noise: number, draw: Random): Placed[] {
  return pairs(n).map(({ id, tier, pair }) => ({
    id,
    tier,
    cluster: pair!,
    cosines: new Map(
      tiers.map((other) => [other, 0.5 + (other === tier ? gap / 2 : -gap / 2) + noise * draw.normal()]),
    ),
  }));
}

const quality = (ordinary: number): Quality =>
  ({ tokens: 1002, massive: { count: 2 }, varianceExplained: { ordinary } }) as Quality;

/** Gaps of the three SAEs of a seed; `random` is null if there is no such SAE. */
interface Gaps {
  with: number;
  without: number;
  random: number | null;
}

function seedArms(seed: string, gaps: Gaps, noise: number, n: number, draw: Random): SeedArms {
  const arm = (gap: number, explained: number) => ({
    placed: placed(n, gap, noise, draw),
    quality: quality(explained),
  });
  return {
    seed,
    with: arm(gaps.with, 0.8),
    without: arm(gaps.without, 0.85),
    random: gaps.random === null ? null : arm(gaps.random, 0.82),
  };
}

const verdict = (gaps: Gaps, noise: number, n: number, seed: string) =>
  contrastiveVerdict([seedArms("7", gaps, noise, n, random(seed))], random("verdict"));
const gapsOf = (gap: number, randomGap: number | null = null): Gaps => ({
  with: gap,
  without: 0.1,
  random: randomGap,
});

describe("the verdict on a contrastive term", () => {
  it("finds a gain over no term and over random tiers, and states the figures", () => {
    const { finding, over_random, seeds } = verdict(gapsOf(0.4, 0.15), 0.05, 12, "gain");
    expect(finding).toMatchObject({ status: "found", n: 24 });
    expect(finding.estimate).toBeCloseTo(0.3, 1);
    expect(finding.interval![0]).toBeGreaterThan(0.2);
    expect(finding.interval![1]).toBeLessThan(0.4);
    expect(finding.control.kind).toMatch(/same training with tiers assigned at random/);
    expect(finding.control.estimate).toBeCloseTo(0.05, 1);
    expect(over_random!.estimate).toBeCloseTo(finding.estimate! - finding.control.estimate!, 12);
    expect(over_random!.interval![0]).toBeGreaterThan(0);
    expect(seeds).toMatchObject([{ seed: "7", prompts: 24, tokens: 1000, with: { nearest_own: 24 } }]);
    expect(seeds[0]!.with.unexplained).toBeCloseTo(0.2, 9);
    expect(finding.sentence).toMatch(
      /^The contrastive term drew benign and hazard-adjacent prompts .* apart \(/,
    );
    expect(finding.sentence).toMatch(
      /unexplained is 0\.2 with it, 0\.15 without, 0\.18 with random tiers, on 1,000 tokens/,
    );
    expect(finding.sentence).toMatch(/This is of one seed, 7: another start/);
  });

  it("finds nothing if random tiers do as much, even if the gain over no term is certain", () => {
    const { finding } = verdict(gapsOf(0.4, 0.4), 0.02, 24, "as much");
    expect(finding.status).toBe("not found");
    expect(finding.interval![0]).toBeGreaterThan(0.2);
    expect(finding.sentence).toMatch(/apart, but no further than with tiers assigned at random in training/);
  });

  it("is undetermined if the gain over random tiers may be 0", () => {
    const { finding, over_random } = verdict(gapsOf(0.4, 0.35), 0.2, 12, "open");
    expect(finding.interval![0]).toBeGreaterThan(0);
    expect(over_random!.interval![0]).toBeLessThan(0);
    expect(finding).toMatchObject({ status: "undetermined", estimate: null });
  });

  it("uses tiers dealt to the held-out prompts as control if there was no training with random ones, and says so", () => {
    const { finding, over_random, seeds } = verdict(gapsOf(0.4), 0.05, 12, "gain");
    expect(finding.status).toBe("found");
    expect(over_random).toBeNull();
    expect(seeds[0]!.random).toBeNull();
    expect(Math.abs(finding.control.estimate!)).toBeLessThan(0.05);
    expect(finding.sentence).toMatch(/tiers assigned at random in training do as much was not tried/);
  });

  it("says so if the term drew the tiers together", () => {
    const { finding } = verdict(gapsOf(-0.2), 0.05, 12, "loss");
    expect(finding.status).toBe("not found");
    expect(finding.estimate).toBeLessThan(-0.2);
    expect(finding.sentence).toMatch(/closer together/);
  });

  it("says that it did nothing if the interval lies below the smallest gain", () => {
    const { finding } = verdict(gapsOf(0.1), 0.02, 24, "nothing");
    expect(finding.status).toBe("not found");
    expect(finding.sentence).toMatch(/did nothing/);
  });

  it("counts a certain but small gain as nothing", () => {
    const { finding } = verdict(gapsOf(0.12), 0.005, 24, "small");
    expect(finding.interval![0]).toBeGreaterThan(0.01);
    expect(finding.status).toBe("not found");
  });

  it("is undetermined if there are too few prompts for their noise", () => {
    const { finding } = verdict(gapsOf(0.1), 0.5, 5, "noise");
    expect(finding).toMatchObject({ status: "undetermined", estimate: null });
    expect(finding.sentence).toMatch(/is undetermined/);
  });

  it("finds something in few runs of pure noise: 2.5% of them at the 95% level", () => {
    const found = Array.from({ length: 24 }, (_, at) => verdict(gapsOf(0.1), 0.3, 8, `noise ${at}`)).filter(
      ({ finding }) => finding.status === "found",
    );
    expect(found.length).toBeLessThanOrEqual(2);
  });
});

describe("the verdict over several seeds", () => {
  const over = (gaps: readonly number[], noise: number) => {
    const draw = random("seeds");
    const arms = gaps.map((gap, at) => seedArms(String(at), gapsOf(gap, 0.1), noise, 12, draw));
    return contrastiveVerdict(arms, random("verdict"));
  };

  it("has the mean of the gains, and states each", () => {
    const { finding, seeds } = over([0.4, 0.42, 0.38], 0.05);
    expect(finding).toMatchObject({ status: "found", n: 24 });
    const gains = seeds.map((of) => of.with.separation - of.without.separation);
    expect(finding.estimate).toBeCloseTo((gains[0]! + gains[1]! + gains[2]!) / 3, 12);
    expect(finding.sentence).toMatch(/gain by seed is \+0\.\d+ \(0\), \+0\.\d+ \(1\), \+0\.\d+ \(2\)/);
    expect(finding.sentence).toMatch(/Of the 72 prompts held out, all seeds together, 7\d with it/);
    expect(finding.method).toMatch(/over matched prompts and 3 seeds/);
  });

  it("is undetermined if seeds disagree, even if each alone is certain", () => {
    const { finding } = over([0.7, 0.1, 0.15], 0.02);
    expect(finding.status).toBe("undetermined");
    expect(finding.interval![0]).toBeLessThan(0);
  });
});

it("a prompt's separation is its cosine with its own tier minus the mean of the others", () => {
  const cosines = new Map<Tier, number>([
    ["benign", 0.7],
    ["dual_use", 0.4],
    ["hazard_adjacent", 0.2],
  ]);
  const at: Placed = { id: "a", tier: "benign", cluster: "a", cosines };
  expect(separationOf(at, "benign")).toBeCloseTo(0.4, 12);
  expect(separationOf(at, "hazard_adjacent")).toBeCloseTo(-0.35, 12);
  expect(isNearestOwn(at)).toBe(true);
  expect(isNearestOwn({ ...at, tier: "dual_use" })).toBe(false);
  expect(isNearestOwn({ ...at, cosines: new Map([...cosines, ["dual_use", 0.7]]) })).toBe(false);
});

describe("the split of labelled prompts", () => {
  const set = [
    ...pairs(30),
    prompt("dual", "dual_use", "pair 0"),
    prompt("other panel", "benign", null, { panel: "control" }),
  ];
  const { trained, heldOut } = splitPrompts(set, tiers, "0", "set");

  it("holds out a third, matched prompts together", () => {
    expect(heldOut.length).toBe(20);
    expect(trained.length).toBe(40);
    const seen = new Set(trained.map(({ pair }) => pair));
    expect(heldOut.filter(({ pair }) => seen.has(pair))).toEqual([]);
  });

  it("takes the tiers named, of the main panel", () => {
    const all = [...trained, ...heldOut].map(({ id }) => id);
    expect(all).not.toContain("dual");
    expect(all).not.toContain("other panel");
  });

  it("is the seed's", () => {
    expect(splitPrompts(set, tiers, "0", "set")).toEqual({ trained, heldOut });
    expect(splitPrompts(set, tiers, "1", "set").heldOut).not.toEqual(heldOut);
  });

  it("refuses a set that leaves too few", () => {
    expect(() => splitPrompts(pairs(6), tiers, "0", "set")).toThrow(
      /set: expected 5 prompts of the tier benign at least to keep aside, found 2/,
    );
    expect(() => splitPrompts(set, ["benign"], "0", "set")).toThrow(/two at least, found benign/);
  });
});

describe("the rows of labelled prompts", () => {
  // Two prompts of three tokens of width 1; the first token of each is massive.
  const rows = rowsOf(Float32Array.of(900, 1, 2, 900, 3, 4), 1, "tokens");
  const two = [prompt("a", "benign", null), prompt("b", "hazard_adjacent", null)];

  const spans = (...lengths: number[]) => lengths.map((length) => ({ length, from: 0 }));

  it("leave massive tokens out", () => {
    const { rows: kept, prompts } = labelledRows(rows, two, spans(3, 3), "mean");
    expect([...kept.read(0, 4)]).toEqual([1, 2, 3, 4]);
    expect(prompts.map(({ range }) => range)).toEqual([
      [0, 2],
      [2, 4],
    ]);
  });

  it("are the last token's when pooled by last", () => {
    const { rows: kept, prompts } = labelledRows(rows, two, spans(3, 3), "last");
    expect([...kept.read(0, 2)]).toEqual([2, 4]);
    expect(prompts.map(({ range }) => range)).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it("are the answer's when pooled by answer", () => {
    const answers = [2, 1].map((from) => ({ length: 3, from }));
    const { rows: kept, prompts } = labelledRows(rows, two, answers, "answer");
    expect([...kept.read(0, 3)]).toEqual([2, 3, 4]);
    expect(prompts.map(({ range }) => range)).toEqual([
      [0, 1],
      [1, 3],
    ]);
    const empty = answers.map(({ length }) => ({ length, from: length }));
    expect(() => labelledRows(rows, two, empty, "answer")).toThrow(
      /prompt "a": expected an answer with a token/,
    );
  });

  it("refuse a prompt of massive tokens only", () => {
    expect(() => labelledRows(rows, two, spans(1, 5), "mean")).toThrow(
      /prompt "a": expected a token of ordinary norm/,
    );
  });
});
