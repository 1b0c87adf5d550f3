/**
 * Cross-entropy with a reconstruction spliced in: unchanged for an exact SAE, and the loss of zeros for an SAE that
 * gives zeros.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { massiveOrganism, organism } from "../../../../test/support/massive-organism.ts";
import { sampleOf, spliced } from "../../../../test/support/sample.ts";
import { textOf } from "../../../model/checkpoint/checkpoint.ts";
import { type Model, openModel } from "../../../model/model.ts";
import { loadInputs } from "../../../prompts/inputs.ts";
import { inMemory } from "../../code/matrix.ts";
import { makeSae, type Sae } from "../../code/sae.ts";
import { SaeSession } from "../../code/sae-session.ts";
import { openSae } from "../../formats/open-sae.ts";
import { quality } from "./quality.ts";
import { answered, evenly, type Sample, type SampleText } from "./residual-sample.ts";

const trained = openSae(`${organism}/sae`);
const layer = 2;
let model: Model;
let sample: Sample;

beforeAll(async () => {
  model = await openModel(organism, { threads: 1 });
  const prompts = (await loadInputs("fiction")).slice(0, 12).flatMap((input) =>
    input.kind === "prompt"
      ? [
          {
            id: input.id,
            ids: textOf(model.checkpoint).tokenizer.encode(input.prompt, { addSpecial: true }),
          },
        ]
      : [],
  );
  sample = await sampleOf(model, layer, await answered(model, prompts, 24), 2000);
});
afterAll(() => model.close());

async function spliceOf(sae: Sae) {
  const session = await SaeSession.open(sae, { threads: 1 });
  try {
    return await spliced(session, layer, model, sample.texts);
  } finally {
    await session.close();
  }
}

describe("splice", () => {
  it("recovers all with the trained SAE, nothing with one that gives zeros", async () => {
    const good = await spliceOf(trained);
    expect(good.recovered).toBeGreaterThan(0.95);
    expect(good.spliced).toBeGreaterThan(good.original);
    expect(good.tokens).toBe(sample.texts.reduce((sum, { ids, from }) => sum + ids.length - from, 0));
    const { d_in, d_sae } = trained;
    const silent = makeSae({
      ...trained,
      W_dec: inMemory(new Float32Array(d_sae * d_in), [d_sae, d_in]),
      b_dec: new Float32Array(d_in),
    });
    const bad = await spliceOf(silent);
    expect(bad.spliced).toBe(bad.zeroed);
    expect(bad.recovered).toBe(0);
  });

  it("has the model's own cross-entropy as the original", async () => {
    const { vocabSize } = model.checkpoint.config;
    let [sum, count] = [0, 0];
    const at = sample.texts.map(() => 0);
    await model.capture(sample.texts, { layers: [], logits: true, edits: [] }, ({ index, values }) => {
      const { ids, from } = sample.texts[index]!;
      for (let row = 0; row * vocabSize < values.length; row++) {
        const next = ++at[index]!;
        if (next < from || next >= ids.length) continue;
        const logits = [...values.subarray(row * vocabSize, (row + 1) * vocabSize)];
        sum -= Math.log(
          Math.exp(logits[ids[next]!]!) / logits.reduce((total, value) => total + Math.exp(value), 0),
        );
        count++;
      }
    });
    expect((await spliceOf(trained)).original).toBeCloseTo(sum / count, 6);
  });
});

/** The figures of oracle/splice_fixtures.py: PyTorch hooks on Transformers' model, with SAELens's reconstruction. */
interface Expected {
  scaled: { token: number; by: number } | null;
  texts: { ids: number[]; from: number }[];
  original: number;
  spliced: number;
  zeroed: number;
  recovered: number;
  massive: number;
  varianceExplained: Record<"all" | "ordinary" | "withoutFirst" | "perToken", number>;
  meanL0: number;
}

describe("beside PyTorch hooks and SAELens", () => {
  const fixture = new URL("../../../../test/fixtures/sae-splice/expected.json", import.meta.url);
  const cases = JSON.parse(readFileSync(fixture, "utf8")) as Record<string, Expected>;
  const scratch = mkdtempSync(join(tmpdir(), "fathom-splice-"));
  afterAll(() => {
    rmSync(scratch, { recursive: true });
  });

  it.each(Object.keys(cases))("loses and explains the same: %s", async (name) => {
    const expected = cases[name]!;
    const path = expected.scaled === null ? organism : massiveOrganism(join(scratch, name), expected.scaled);
    const own = await openModel(path, { threads: 1 });
    const session = await SaeSession.open(trained, { threads: 1 });
    try {
      const texts = expected.texts.map((text, i): SampleText => ({ id: String(i), ...text }));
      const found = await spliced(session, layer, own, texts);
      for (const key of ["original", "spliced", "zeroed", "recovered"] as const)
        expect(Math.abs(found[key]! - expected[key]), key).toBeLessThan(1e-4);
      const { rows, isFirst } = await sampleOf(own, layer, texts, Infinity);
      const { varianceExplained, massive, meanL0 } = await quality(session, rows, isFirst);
      for (const key of ["all", "ordinary", "withoutFirst", "perToken"] as const)
        expect(Math.abs(varianceExplained[key]! - expected.varianceExplained[key]), key).toBeLessThan(1e-4);
      expect(massive.count).toBe(expected.massive);
      expect(meanL0).toBe(expected.meanL0);
    } finally {
      await session.close();
      await own.close();
    }
  });

  it("has massive tokens in one case, and leaving them out matters there", () => {
    expect(cases["massive"]!.massive).toBeGreaterThan(0);
    expect(cases["plain"]!.massive).toBe(0);
    const { all, ordinary } = cases["massive"]!.varianceExplained;
    expect(Math.abs(all - ordinary)).toBeGreaterThan(0.01);
  });
});

describe("evenly", () => {
  it("takes as many tokens as are enough, from the first text on and spread over all", () => {
    const texts = Array.from({ length: 10 }, (_, i) => ({ place: i, ids: [0, 0, 0, 0] }));
    const places = (most: number) => evenly(texts, most).map(({ place }) => place);
    expect(places(Infinity)).toHaveLength(10);
    expect(places(36)).toHaveLength(9);
    expect(places(20)).toEqual([0, 2, 4, 6, 8]);
    expect(places(1)).toEqual([0]);
    expect(evenly(evenly(texts, 36), 36)).toHaveLength(9);
  });
});
