/**
 * The figures of a quality report, compared with Transformers, SAELens and NumPy on the bundled organism
 * (oracle/sae_report_fixtures.py).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { random } from "../../../core/random.ts";
import { textOf } from "../../../model/checkpoint/checkpoint.ts";
import { type Model, openModel } from "../../../model/model.ts";
import type { ShardedRows } from "../../code/activation-shards.ts";
import { eachActive } from "../../code/active.ts";
import { inMemory } from "../../code/matrix.ts";
import { rowsOf } from "../../code/rows.ts";
import { SaeSession } from "../../code/sae-session.ts";
import { openSae } from "../../formats/open-sae.ts";
import { contextsOf } from "../contexts/contexts.ts";
import { Peaks } from "../contexts/peaks.ts";
import { firstOf, readToDisk, type TextLayout } from "../contexts/text-rows.ts";
import { type TokenGroup, type TokenQuality, tokenQuality } from "../quality/quality.ts";
import { density } from "./density.ts";
import { saeFindings } from "./findings.ts";
import { countHistogram, histogram } from "./histogram.ts";
import { chosenFeatures } from "./listed.ts";
import { logitEffects } from "./logit-effects.ts";
import { closestPairs, randomNearest, redundancy } from "./redundancy.ts";

interface Fixture {
  layer: number;
  texts: number[][];
  fvu: Record<TokenGroup | "massive", number>;
  massive: Record<TokenGroup | "massive", number>;
  l0: number[];
  firings: number[];
  nearest: [feature: number, cosine: number][];
  logits: Record<string, Record<"raised" | "lowered", [id: number, effect: number][]>>;
  peaks: Record<string, [text: number, position: number, activation: number][]>;
  windows: Record<string, number[]>;
}

const here = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url));
const expected = JSON.parse(readFileSync(here("test/fixtures/sae-report/demo.json"), "utf8")) as Fixture;
const folder = mkdtempSync(join(tmpdir(), "fathom-sae-report-"));
const sae = openSae(here("organisms/demo/sae"));
const limits = { strongest: 5, drawn: 3 };
const groups: TokenGroup[] = ["all", "withoutFirst", "ordinary", "ordinaryWithoutFirst"];

let model: Model;
let session: SaeSession;
let rows: ShardedRows;
let layout: TextLayout;
let tokens: TokenQuality;
let peaks: Peaks;

beforeAll(async () => {
  model = await openModel(here("organisms/demo"), { threads: 1 });
  // Stretches of 64 rows: texts are cut into pieces, as in real use.
  session = await SaeSession.open(sae, { threads: 1, maxFeatureValues: 64 * sae.d_sae });
  const texts = expected.texts.map((ids, i) => ({ id: String(i), ids, from: 1, shown: ids.length }));
  ({ rows, layout } = await readToDisk(model, expected.layer, texts, join(folder, "rows")));
  peaks = new Peaks(sae.d_sae, limits, random("peaks"));
  tokens = await tokenQuality(session, rows, firstOf(layout), (stretch) => {
    eachActive(stretch, sae.d_sae, (row, feature, value) => {
      peaks.add(feature, row, layout.textOf[row]!, value);
    });
  });
});
afterAll(async () => {
  rows.close();
  await session.close();
  await model.close();
  rmSync(folder, { recursive: true });
});

/** Text and position of a row, as the fixture counts them: its texts are in the order given. */
const inFixture = (row: number): [text: number, position: number] => {
  const text = layout.textOf[row]!;
  return [Number(layout.texts[text]!.id), row - layout.starts[text]!];
};

function unexplained(of: TokenQuality, group: TokenGroup): number {
  let [error, spread] = [0, 0];
  for (let row = 0; row < of.error.length; row++) {
    if (!of.belongs[group](row)) continue;
    error += of.error[row]!;
    spread += of.spread[group][row]!;
  }
  return error / spread;
}

describe("token by token", () => {
  it("is NumPy's FVU in every group of tokens", () => {
    for (const group of groups) expect(unexplained(tokens, group) / expected.fvu[group]).toBeCloseTo(1, 4);
    expect(expected.fvu.massive).toBe(0);
  });

  it("separates massive tokens if there are any", async () => {
    const starts = expected.texts.reduce<number[]>((all, ids) => [...all, all.at(-1)! + ids.length], [0]);
    const values = rows.read(0, rows.count).slice();
    for (let row = 0; row < rows.count; row++) {
      const [text, position] = inFixture(row);
      if ((starts[text]! + position) % 97 !== 0) continue;
      for (let i = 0; i < sae.d_in; i++) values[row * sae.d_in + i]! *= 30;
    }
    const scaled = await tokenQuality(session, rowsOf(values, sae.d_in), firstOf(layout));
    expect(scaled.isMassive.reduce((sum, is) => sum + is, 0)).toBe(expected.massive.massive);
    for (const group of groups)
      expect(unexplained(scaled, group) / expected.massive[group]).toBeCloseTo(1, 4);
    expect(expected.massive.withoutFirst / expected.massive.ordinaryWithoutFirst).toBeGreaterThan(2);
  });

  it("counts the same active features, per token and per feature", () => {
    const starts = expected.texts.reduce<number[]>((all, ids) => [...all, all.at(-1)! + ids.length], [0]);
    const l0 = Array.from(tokens.l0, (_, row) => {
      const [text, position] = inFixture(row);
      return expected.l0[starts[text]! + position];
    });
    expect([...tokens.l0]).toEqual(l0);
    expect([...tokens.firings]).toEqual(expected.firings);
  });
});

describe("contexts", () => {
  it("are the strongest tokens, one per text, with the activations around them", async () => {
    const found = new Map(
      Object.keys(expected.peaks).map((feature) => [+feature, peaks.of(+feature).strongest]),
    );
    const window = { before: 20, behind: 10 };
    const contexts = await contextsOf(
      session,
      rows,
      layout,
      textOf(model.checkpoint).tokenizer,
      found,
      window,
    );
    for (const [feature, own] of Object.entries(expected.peaks)) {
      const strongest = found.get(+feature)!;
      expect(strongest.map(({ row }) => inFixture(row))).toEqual(own.map(([text, at]) => [text, at]));
      for (const [i, [, , activation]] of own.entries())
        expect(strongest[i]!.value).toBeCloseTo(activation, 3);
      const first = contexts.get(+feature)![0]!;
      expect(first.activations).toHaveLength(expected.windows[feature]!.length);
      for (const [i, value] of expected.windows[feature]!.entries())
        expect(first.activations[i]).toBeCloseTo(value, 3);
      expect(first.activations[first.at]).toBe(Math.max(...first.activations));
      const ids = expected.texts[own[0]![0]]!.slice(first.position - first.at).slice(0, first.tokens.length);
      expect(first.tokens.join("")).toBe(textOf(model.checkpoint).tokenizer.decode(ids));
    }
  });

  it("refuses to show tokens that must not be shown", async () => {
    const hidden = { ...layout, texts: layout.texts.map((text) => ({ ...text, shown: 1 })) };
    const last = new Map([[0, [{ row: 1, value: 1 }]]]);
    const window = { before: 1, behind: 1 };
    await expect(
      contextsOf(session, rows, hidden, textOf(model.checkpoint).tokenizer, last, window),
    ).rejects.toThrow("is not to be shown");
  });
});

describe("redundancy", () => {
  it("finds NumPy's nearest decoder row for each feature", async () => {
    const { nearest, cosine, measured, directed } = await redundancy(sae.W_dec, random(0), { threads: 1 });
    expect([measured.length, directed]).toEqual([sae.d_sae, sae.d_sae]);
    for (const [feature, [other, value]] of expected.nearest.entries()) {
      expect(cosine[feature]).toBeCloseTo(value, 5);
      if (nearest[feature] !== other) expect(expected.nearest[nearest[feature]!]![1]).toBeCloseTo(value, 5);
    }
  });

  it("examines a sample if there are too many features, leaves rows of zeros out, and lists a pair once", async () => {
    // Four features in three dimensions: two alike, one opposite to them, one without a direction.
    const W_dec = inMemory(Float32Array.of(1, 0, 0, 2, 0.1, 0, -1, 0, 0, 0, 0, 0), [4, 3]);
    const all = await redundancy(W_dec, random(0), { threads: 1 });
    expect([...all.nearest]).toEqual([1, 0, 1, -1]);
    expect(all.directed).toBe(3);
    expect(closestPairs(all, 9).map(({ features }) => features)).toEqual([
      [0, 1],
      [1, 2],
    ]);
    const some = await redundancy(W_dec, random(0), { threads: 1 }, 2 * 4 * 3);
    expect(some.measured).toHaveLength(2);
    expect([...some.nearest].filter((other) => other >= 0)).toHaveLength(2);
  });

  it("knows the cosine of the nearest among random directions", () => {
    const draw = random("directions");
    const [count, d] = [400, 24];
    const all = Array.from({ length: count }, () => {
      const row = Array.from({ length: d }, () => draw.normal());
      const norm = Math.hypot(...row);
      return row.map((value) => value / norm);
    });
    const best = all.map((a, i) =>
      Math.max(...all.map((b, j) => (i === j ? -1 : a.reduce((sum, value, at) => sum + value * b[at]!, 0)))),
    );
    const median = best.toSorted((a, b) => a - b)[count / 2]!;
    expect(Math.abs(randomNearest(count, d)! - median)).toBeLessThan(0.01);
    expect(randomNearest(1, d)).toBeNull();
  });
});

describe("logit effects", () => {
  it("are the decoder row's through norm and unembedding, centred", async () => {
    const features = Object.keys(expected.logits).map(Number);
    const found = await logitEffects(model.checkpoint, sae.W_dec, features, 10, { threads: 1 });
    for (const [i, feature] of features.entries())
      for (const side of ["raised", "lowered"] as const) {
        expect(found![i]![side].map(({ id }) => id)).toEqual(
          expected.logits[feature]![side].map(([id]) => id),
        );
        for (const [at, [, effect]] of expected.logits[feature]![side].entries())
          expect(found![i]![side][at]!.effect).toBeCloseTo(effect, 4);
      }
  });
});

describe("findings", () => {
  it("hold every estimate within its interval, and are the same for the same seed", async () => {
    const near = await redundancy(sae.W_dec, random(0), { threads: 1 });
    const losses = expected.texts.map((ids, i) => ({
      tokens: ids.length - 1,
      original: 2 * ids.length,
      spliced: 2.5 * ids.length + (i % 3),
      zeroed: 9 * ids.length,
    }));
    const measured = {
      sae,
      tokens,
      textOf: layout.textOf,
      texts: layout.texts.length,
      losses,
      redundancy: near,
    };
    const found = saeFindings(measured, random(7));
    expect(saeFindings(measured, random(7))).toEqual(found);
    for (const { estimate, interval, id } of found) {
      if (interval === null || estimate === null) continue;
      expect(interval[0], id).toBeLessThanOrEqual(estimate);
      expect(interval[1], id).toBeGreaterThanOrEqual(estimate);
    }
    const fvu = found.find(({ id }) => id === "sae.fvu.ordinary")!;
    expect(fvu.estimate! / expected.fvu.ordinary).toBeCloseTo(1, 4);
    expect(fvu.n).toBe(tokens.norms.length);
    expect(found.find(({ id }) => id === "sae.massive")).toMatchObject({ status: "not found", n: 0 });
    const harmless = saeFindings(
      { ...measured, losses: losses.map((loss) => ({ ...loss, zeroed: loss.original })) },
      random(7),
    );
    expect(harmless.find(({ id }) => id === "sae.ce_recovered")).toMatchObject({
      status: "undetermined",
      estimate: null,
    });
  });
});

describe("histograms", () => {
  it("count everything once, the ends included", () => {
    const bins = histogram([-5, 0, 0.5, 1, 1, 9], { from: 0, to: 1, bins: 2 });
    expect(bins.map(({ count }) => count)).toEqual([2, 4]);
    expect(countHistogram(Uint32Array.of(3, 3, 5), 40)).toEqual([
      { from: 3, to: 4, count: 2 },
      { from: 4, to: 5, count: 0 },
      { from: 5, to: 6, count: 1 },
    ]);
    const wide = countHistogram(Uint32Array.of(0, 99, 100), 10);
    expect(wide.length).toBeLessThanOrEqual(10);
    expect(wide.reduce((sum, { count }) => sum + count, 0)).toBe(3);
  });

  it("separate features that never fire from rare and from dense ones", () => {
    const found = density(Uint32Array.of(0, 1, 100, 101, 1000), 1000);
    expect(found).toMatchObject({ never: 1, dense: 2, dense_above: 0.1 });
    expect(found.bins.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect(found.bins.at(-1)!.count).toBe(1);
    expect(found.bins[0]!.count).toBe(1);
  });
});

describe("peaks", () => {
  it("keep the strongest, one per text, and draw evenly from the rest", () => {
    const firings = 200;
    const drawnAt = new Uint32Array(firings);
    for (let seed = 0; seed < 500; seed++) {
      const kept = new Peaks(1, { strongest: 2, drawn: 4 }, random(seed));
      // Activations fall, so the strongest come first; each text has ten of them.
      for (let row = 0; row < firings; row++) kept.add(0, row, Math.floor(row / 10), firings - row);
      const { strongest, drawn } = kept.of(0);
      expect(strongest.map(({ row }) => row)).toEqual([0, 10]);
      for (const { row } of drawn) drawnAt[row]!++;
    }
    const half = (from: number, to: number) => drawnAt.slice(from, to).reduce((sum, count) => sum + count, 0);
    // 2,000 draws: 1,000 per half, except for those among the strongest; the tolerance is four standard deviations.
    expect(Math.abs(half(100, 200) - 1000)).toBeLessThan(90);
    expect(drawnAt[0]).toBe(0);
  });
});

describe("the features listed", () => {
  it("are taken evenly from the most frequent to the rarest, with those asked for", () => {
    const firings = Uint32Array.from({ length: 100 }, (_, feature) => (feature < 10 ? 0 : feature));
    const chosen = chosenFeatures(firings, {
      ...limits,
      before: 1,
      behind: 1,
      logits: 1,
      features: 3,
      show: [4],
    });
    expect(chosen).toEqual([4, 39, 69, 99]);
  });
});
