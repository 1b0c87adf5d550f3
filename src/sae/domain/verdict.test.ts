/** What is said of a contrastive term where the truth is known, and how the prompts are split. */
import { describe, expect, it } from "vitest";
import type { Prompt, Tier } from "../../core/prompt.ts";
import { type Random, random } from "../../core/random.ts";
import type { Quality } from "../quality.ts";
import { rowsOf } from "../rows.ts";
import { labelledRows } from "./labelled.ts";
import { isNearestOwn, type Placed, separationOf } from "./separation.ts";
import { splitPrompts } from "./split.ts";
import { contrastiveVerdict } from "./verdict.ts";

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
const verdict = (gap: number, noise: number, n: number, seed: string) => {
  const draw = random(seed);
  return contrastiveVerdict(
    { placed: placed(n, gap, noise, draw), quality: quality(0.8) },
    { placed: placed(n, 0.1, noise, draw), quality: quality(0.85) },
    random("verdict"),
  );
};

describe("the verdict on a contrastive term", () => {
  it("finds what it gained, and says with which figures", () => {
    const { finding, ...figures } = verdict(0.4, 0.05, 12, "gain");
    expect(finding).toMatchObject({ status: "found", n: 24 });
    expect(finding.estimate).toBeCloseTo(0.3, 1);
    expect(finding.interval![0]).toBeGreaterThan(0.2);
    expect(finding.interval![1]).toBeLessThan(0.4);
    expect(Math.abs(finding.control.estimate!)).toBeLessThan(0.05);
    expect(figures).toMatchObject({ tokens: 1000, with: { nearest_own: 24 } });
    expect(figures.with.unexplained).toBeCloseTo(0.2, 9);
    expect(finding.sentence).toMatch(/^The contrastive term drew benign and hazard-adjacent prompts apart/);
    expect(finding.sentence).toMatch(/unexplained is 0\.2 with it, 0\.15 without, on 1000 tokens/);
  });

  it("says so where it drove them together", () => {
    const { finding } = verdict(-0.2, 0.05, 12, "loss");
    expect(finding.status).toBe("not found");
    expect(finding.estimate).toBeLessThan(-0.2);
    expect(finding.sentence).toMatch(/did the opposite/);
  });

  it("says that it did nothing where the interval leaves no room for more", () => {
    const { finding } = verdict(0.1, 0.02, 24, "nothing");
    expect(finding.status).toBe("not found");
    expect(finding.sentence).toMatch(/did nothing/);
  });

  it("calls a gain nothing that is certain and small", () => {
    const { finding } = verdict(0.12, 0.005, 24, "small");
    expect(finding.interval![0]).toBeGreaterThan(0.01);
    expect(finding.status).toBe("not found");
  });

  it("says nothing where prompts are too few for their noise", () => {
    const { finding } = verdict(0.1, 0.5, 5, "noise");
    expect(finding).toMatchObject({ status: "undetermined", estimate: null });
    expect(finding.sentence).toMatch(/is undetermined/);
  });

  it("finds something in few runs of noise: at 95%, half of one in twenty", () => {
    const found = Array.from({ length: 24 }, (_, at) => verdict(0.1, 0.3, 8, `noise ${at}`)).filter(
      ({ finding }) => finding.status === "found",
    );
    expect(found.length).toBeLessThanOrEqual(2);
  });
});

it("a prompt's separation is its cosine with its own tier less the mean of the others", () => {
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

  it("keeps a third aside, matched prompts together", () => {
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

  it("are the last token's where that is asked for", () => {
    const { rows: kept, prompts } = labelledRows(rows, two, spans(3, 3), "last");
    expect([...kept.read(0, 2)]).toEqual([2, 4]);
    expect(prompts.map(({ range }) => range)).toEqual([
      [0, 1],
      [1, 2],
    ]);
  });

  it("are the answer's where that is asked for", () => {
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
