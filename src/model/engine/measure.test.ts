/**
 * Measuring gives each row the numbers that it has alone, to the bit, and those of `capture`; it computes what rows share
 * once. In checkpoints of every family.
 */
import { describe, expect, it } from "vitest";
import { editsEverywhere } from "../../../test/support/edits-everywhere.ts";
import { engineFixtures, openEngineFixture } from "../../../test/support/engine-fixture.ts";
import { relativeError } from "../../../test/support/graph.ts";
import { ropeSwitch } from "../architecture/rotary.ts";
import { openCheckpoint } from "../checkpoint/checkpoint.ts";
import { openModel } from "../model.ts";
import type { Measured, MeasureOptions, MeasureRequest } from "./branches/measured.ts";
import { capture } from "./capture.ts";
import { CapturedRows } from "./captured-rows.ts";
import type { Edit, EditMask, EditMasks } from "./edits/edit.ts";
import { Engine } from "./engine.ts";
import { measure } from "./measure.ts";

const logSoftmax = (logits: Float32Array): number[] => {
  const most = Math.max(...logits);
  const logSum = most + Math.log(logits.reduce((sum, value) => sum + Math.exp(value - most), 0));
  return Array.from(logits, (value) => value - logSum);
};

describe.each(engineFixtures)("%s", (name) => {
  it("gives each row what it has alone, to the bit, and computes once what rows share", async () => {
    const { folder, reference, close } = openEngineFixture(name);
    const { config, weights } = await openCheckpoint(folder);
    const engine = await Engine.open(config, weights, { threads: 1 });
    const depth = config.layers.length;
    const d = config.hiddenSize;
    // Branches divide between segments. Small models have one, so it is cut.
    for (const layer of config.layers.keys()) await engine.segmentsTo(layer, []);
    const run = async (requests: MeasureRequest[], options: MeasureOptions) => {
      const rows: Measured[] = [];
      const ledger = await measure(engine, requests, options, (row) => (rows[row.index] = row));
      return { rows, ledger };
    };
    try {
      const edits = editsEverywhere(d, depth);
      const none = edits.map(() => new Float32Array(3));
      const only = (isOn: (edit: Edit) => boolean, mask: EditMask): EditMasks =>
        edits.map((edit, i) => (isOn(edit) ? mask : none[i]!));
      const one = Float32Array.of(1, 0, 1);
      const atTop = only(({ layer, site }) => layer === depth - 1 && site === "mlp_out", one);
      const fromTenth = { features: one, tokens: Float32Array.from({ length: 12 }, (_, t) => Number(t > 9)) };
      const start = reference.prompts[2]!.slice(0, 9);
      const prompts = [reference.prompts[2]!, [...start, 7, 8], [...start, 5], reference.prompts[1]!];
      const masks: (EditMasks | null)[] = [none, atTop, only(() => true, fromTenth), null, atTop];
      const requests = masks.flatMap((own, m) =>
        prompts.map(
          (ids, p): MeasureRequest => ({
            ...{ id: `${m} ${p}`, ids, positions: [ids.length - 1, 3, 9] },
            ...(own === null ? {} : { masks: own }),
          }),
        ),
      );
      const sites = [
        ...config.layers.flatMap((_, layer) =>
          (["attn_out", "mlp_out", "resid_post"] as const).map((site) => ({ layer, site })),
        ),
        { layer: 0, site: "embed" as const },
      ];
      const want = { logProbabilities: true, activations: true, residuals: sites };
      const options = { edits, watch: [5, 6], start, want };
      const { rows: together, ledger } = await run(requests, options);
      for (const [i, request] of requests.entries()) {
        const [alone] = (await run([request], options)).rows;
        expect({ ...alone, index: i }, request.id).toEqual(together[i]);
      }
      // Below the top block, rows without an edit are one, and so are those that are edited at its top only. The mask that begins
      // at the tenth token is none of the third prompt's, and none of the start's. LongRoPE reads the start of a long row apart.
      const starts = ropeSwitch(config) === null ? 1 : 2;
      const below = 3 + 3 + 2 + 3 + 2 * starts;
      const top = 4 + 4 + 3 + 4 + 3 * starts;
      expect(ledger.blockEvaluations).toBe((depth - 1) * below + top);

      const plain = new CapturedRows();
      const layers = [...config.layers.keys()];
      await capture(engine, requests, { layers, logits: true, edits }, plain.take);
      for (const [i, { ids, positions, masks: own }] of requests.entries()) {
        const row = together[i]!;
        const logits = plain.row(i, "logits");
        for (const [at, position] of positions.entries()) {
          const [from, to] = [position * config.vocabSize, (position + 1) * config.vocabSize];
          const expected = logSoftmax(logits.subarray(from, to));
          const found = row.logProbabilities!.subarray(at * config.vocabSize, (at + 1) * config.vocabSize);
          expect(relativeError(found, Float32Array.from(expected))).toBeLessThan(1e-4);
          expect(row.watched[at * 2]).toBeCloseTo(expected[5]!, 3);
        }
        const of = (layer: number, site: string) =>
          row.residuals[sites.findIndex((place) => place.layer === layer && place.site === site)]!;
        for (const layer of layers)
          expect(relativeError(of(layer, "resid_post"), plain.row(i, layer))).toBeLessThan(1e-4);
        if (config.family !== "gemma4" && own === none)
          expect(
            relativeError(
              of(0, "embed").map((x, at) => x + of(0, "attn_out")[at]! + of(0, "mlp_out")[at]!),
              of(0, "resid_post"),
            ),
          ).toBeLessThan(1e-5);
        const isStill = own === none;
        expect(
          row.moved.every((moved) => (moved === 0) === isStill) || own === atTop || own?.[0] === fromTenth,
        ).toBe(true);
        expect(row.activations!.map(({ length }) => length)).toEqual(edits.map(() => ids.length * 3));
      }
    } finally {
      await engine.close();
      weights.close();
      close();
    }
  });
});

describe.each(engineFixtures)("%s", (name) => {
  it("begins with what was kept of unedited rows, and gives the same bits; without positions it stops early", async () => {
    const { folder, reference, close } = openEngineFixture(name);
    const { config, weights } = await openCheckpoint(folder);
    const [warm, cold] = [0, 1].map(() => Engine.open(config, weights, { threads: 1 }));
    const top = config.layers.length - 1;
    const edits = editsEverywhere(config.hiddenSize, top + 1).filter(({ layer }) => layer === top);
    const start = reference.prompts[2]!.slice(0, 9);
    const requests = [reference.prompts[2]!, [...start, 7, 8], [...start, 5], reference.prompts[1]!].flatMap(
      (ids, p) =>
        [0, 1].map((on): MeasureRequest => {
          const masks = edits.map(() => new Float32Array(3).fill(on));
          return { id: `${p} ${on}`, ids, positions: [ids.length - 1], masks };
        }),
    );
    const run = async (engine: Engine, asked: MeasureRequest[], want: MeasureOptions["want"] = {}) => {
      const rows: Measured[] = [];
      const options = { edits, watch: [5], start, want: { logProbabilities: true, ...want } };
      const { computed, blockEvaluations } = await measure(
        engine,
        asked,
        options,
        (row) => (rows[row.index] = row),
      );
      return { rows, computed, blockEvaluations };
    };
    try {
      const first = await run(await warm!, requests);
      expect(first.computed).toBe(first.blockEvaluations);
      const again = await run(await warm!, requests);
      expect(again.rows).toEqual(first.rows);
      expect(again.blockEvaluations).toBe(first.blockEvaluations);
      // The blocks below the edited one are not computed again, but for the keys and values that no row reads there.
      const starts = ropeSwitch(config) === null ? 1 : 2;
      expect(again.computed).toBe(2 * (4 + starts));
      for (const [i, request] of requests.toReversed().entries()) {
        const [alone] = (await run(await cold!, [request])).rows;
        expect({ ...alone, index: requests.length - 1 - i }).toEqual(first.rows[requests.length - 1 - i]);
      }
      const positions = { positions: [] };
      const seen = { activations: true };
      const whole = await run(await warm!, requests, seen);
      const early = await run(
        await warm!,
        requests.map((request) => ({ ...request, ...positions })),
        seen,
      );
      expect(early.rows.map(({ activations }) => activations)).toEqual(
        whole.rows.map(({ activations }) => activations),
      );
      const below = await measure(
        await warm!,
        requests.map(({ masks: _, ...request }) => ({ ...request, ...positions })),
        { edits: [], watch: [], want: { residuals: [{ layer: 0, site: "resid_post" }] } },
        () => undefined,
      );
      expect(below.computed).toBe(4);
    } finally {
      for (const engine of [warm, cold]) await (await engine!).close();
      weights.close();
      close();
    }
  });
});

describe("the scale of the final norm", () => {
  const { folder, reference, close } = openEngineFixture("qwen3-norms");
  const ids = reference.prompts[1]!;
  const request: MeasureRequest = { id: "row", ids, positions: [2, 16] };
  const measured = async (requests: MeasureRequest[]) => {
    const { config, weights } = await openCheckpoint(folder);
    const engine = await Engine.open(config, weights, { threads: 1 });
    const rows: Measured[] = [];
    const options = { edits: [], watch: [], want: { logProbabilities: true } };
    try {
      await measure(engine, requests, options, (row) => (rows[row.index] = row));
      return { rows, vocabSize: config.vocabSize };
    } finally {
      await engine.close();
      weights.close();
    }
  };

  it("may be given: the own one changes no bit, and twice the own one halves the logits", async () => {
    const own = (await measured([request])).rows[0]!.finalScales;
    const requests = [
      request,
      { ...request, finalScales: own },
      { ...request, finalScales: own.map((s) => 2 * s) },
    ];
    const { rows, vocabSize } = await measured(requests);
    expect(rows[1]).toEqual({ ...rows[0], index: 1 });
    for (const at of [0, 1]) {
      const of = (row: number) => rows[row]!.logProbabilities!.subarray(at * vocabSize, (at + 1) * vocabSize);
      const halved = Float32Array.from(logSoftmax(of(0).map((value) => value / 2)));
      expect(relativeError(of(2), halved)).toBeLessThan(1e-4);
    }
    close();
  });

  it("leaves what a sure token lacks to 1 exact: it is what all others have", async () => {
    const own = (await measured([request])).rows[0]!.finalScales;
    const { rows, vocabSize } = await measured([{ ...request, finalScales: own.map((s) => s / 12) }]);
    const surest = [0, 1].map((at) => {
      const all = [...rows[0]!.logProbabilities!.subarray(at * vocabSize, (at + 1) * vocabSize)];
      const best = Math.max(...all);
      const others = all.reduce((sum, value) => sum + (value === best ? 0 : Math.exp(value)), 0);
      expect(-Math.expm1(best) / others).toBeCloseTo(1, 4);
      return others;
    });
    expect(Math.min(...surest)).toBeLessThan(1e-4);
  });

  it.each<[string, Partial<MeasureRequest>, string]>([
    ["position", { positions: [17] }, "positions of row: expected tokens from 0 to 16, found 17"],
    [
      "scale",
      { finalScales: Float32Array.of(1) },
      "final scales of row: expected one for each of 2 positions, found 1",
    ],
    ["mask", { masks: [new Float32Array(1)] }, "masks of row: expected one for each of 0 edits, found 1"],
  ])("refuses a %s that does not fit", async (_, change, message) => {
    await expect(measured([{ ...request, ...change }])).rejects.toThrow(message);
  });
});

it("measures under edits that are held, in the worker, and tells what it cost", async () => {
  const { folder, reference, close } = openEngineFixture("qwen2-biases");
  const model = await openModel(folder, { threads: 1 });
  try {
    const { hiddenSize, layers } = model.checkpoint.config;
    const edits = editsEverywhere(hiddenSize, layers.length);
    const held = await model.holdEdits(edits);
    expect(held.sizes).toEqual(edits.map(() => 3));
    const ids = reference.prompts[1]!;
    // Two equal rows: what they share must not be given away twice.
    const requests = [ids, ids].map((own, i) => ({ id: String(i), ids: own, positions: [16] }));
    const want = { activations: true, residuals: [{ layer: 0, site: "resid_post" as const }] };
    const run = async (given: MeasureOptions["edits"]) => {
      const rows: Measured[] = [];
      const ledger = await model.measure(
        requests,
        { edits: given, watch: [5], want },
        (row) => (rows[row.index] = row),
      );
      return { rows, ledger };
    };
    const found = await run(held);
    expect(found).toEqual(await run(edits));
    expect({ ...found.rows[1], index: 0 }).toEqual(found.rows[0]);
    const blocks = layers.length;
    expect(found.ledger).toEqual({ blockEvaluations: blocks, computed: blocks, tokenBlocks: 17 * blocks });
    await model.releaseEdits(held);
    await expect(run(held)).rejects.toThrow(
      "edits: expected edits that this model holds, found the handle 0",
    );
    await expect(model.holdEdits([{ ...edits[0]!, layer: 99 }])).rejects.toThrow("edit 0: expected");
    const some = await model.holdEdits(edits.slice(0, 2));
    const all = await model.holdEdits(edits.slice(2), some);
    expect(all.sizes).toEqual(held.sizes);
    await model.releaseEdits(some);
    expect(await run(all)).toEqual(found);
    await expect(model.holdEdits(edits, some)).rejects.toThrow(`found the handle ${some.id}`);
  } finally {
    await model.close();
    close();
  }
});
