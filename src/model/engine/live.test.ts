/** Rows that enter and leave a running generation, and the log probabilities of its tokens. */
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { engineFixtures, openEngineFixture } from "../../../test/support/engine-fixture.ts";
import { type Checkpoint, openCheckpoint } from "../checkpoint/checkpoint.ts";
import { openModel } from "../model.ts";
import { capture } from "./capture.ts";
import { CapturedRows } from "./captured-rows.ts";
import { Engine } from "./engine.ts";
import { generate } from "./generate.ts";
import type { Arrival, GenerateOptions, GenerateRequest, Generation, NewToken } from "./generation.ts";
import { stepLogProbabilities } from "./log-probabilities.ts";

const options: GenerateOptions = {
  endTokens: [],
  batchSize: 3,
  watch: [],
  captureLayers: [],
  edits: [],
  plan: { prompts: [], capacity: 64 },
};

describe.each(engineFixtures.filter((name) => /llama-gqa|gemma3-local|phi3-longrope/.test(name)))(
  "%s",
  (name) => {
    const { folder, reference, close } = openEngineFixture(name);
    const request = (row: number, more: Partial<GenerateRequest> = {}): GenerateRequest => ({
      id: `row ${row}`,
      ids: reference.prompts[row % reference.prompts.length]!,
      maxNewTokens: 6 + row,
      temperature: row % 2,
      seed: row,
      topLogProbabilities: 4,
      ...more,
    });
    let checkpoint: Checkpoint;
    let engine: Engine;
    beforeAll(async () => {
      checkpoint = await openCheckpoint(folder);
      engine = await Engine.open(checkpoint.config, checkpoint.weights, { threads: 1 });
    });
    afterAll(async () => {
      await engine.close();
      checkpoint.weights.close();
      close();
    });

    /** @param script what arrives before each step */
    const live = async (first: readonly GenerateRequest[], script: readonly (readonly Arrival[])[]) => {
      const rows = new Map<string, Generation>();
      const told = new Map<string, NewToken[]>();
      let step = 0;
      await generate(engine, first, options, (row) => rows.set(row.id, row), undefined, {
        arrived: () => script[step++] ?? [],
        onNew: (tokens) => {
          for (const token of tokens) told.set(token.row, [...(told.get(token.row) ?? []), token]);
        },
      });
      return { rows, told };
    };
    const alone = async (one: GenerateRequest) => (await live([one], [])).rows.get(one.id)!;

    it("gives a row that enters later the bits that it has alone, and tells each token when it is made", async () => {
      const enter = (row: number): Arrival => ({ kind: "enter", request: request(row) });
      const { rows, told } = await live(
        [request(0)],
        [[], [enter(1)], [enter(2), enter(3), enter(4)], [], [enter(5)]],
      );
      expect([...rows.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5].map((row) => `row ${row}`));
      for (const row of [0, 1, 2, 3, 4, 5]) {
        const found = rows.get(`row ${row}`)!;
        expect(found).toEqual(await alone(request(row)));
        expect(found.ids).toHaveLength(6 + row);
        expect(told.get(`row ${row}`)!.map(({ token }) => token)).toEqual(found.ids);
        expect(told.get(`row ${row}`)!.map(({ logProbabilities }) => logProbabilities)).toEqual(
          found.logProbabilities,
        );
      }
    });

    it("drops a row that leaves, whether it generates or waits, and the others keep their bits", async () => {
      const leave = (row: number): Arrival => ({ kind: "leave", id: `row ${row}` });
      const { rows, told } = await live(
        [0, 1, 2, 3, 4].map((row) => request(row)),
        [[], [leave(0), leave(4)], [], [leave(0), leave(7)]],
      );
      expect([...rows.keys()].sort()).toEqual(["row 1", "row 2", "row 3"]);
      expect(told.has("row 4")).toBe(false);
      expect(told.get("row 0")!.length).toBeLessThan(6);
      for (const row of [1, 2, 3]) expect(rows.get(`row ${row}`)).toEqual(await alone(request(row)));
    });

    it("gives the log probabilities of the logits that capture gives, and so does capture itself", async () => {
      const asked = request(2);
      const { ids, logProbabilities } = await alone(asked);
      const out = new CapturedRows();
      const all = [{ id: "all", ids: [...asked.ids, ...ids], logitsFrom: asked.ids.length - 1 }];
      const wanted = { layers: [], edits: [] };
      await capture(engine, all, { ...wanted, logits: false, losses: true }, out.take);
      const losses = Array.from(out.row(0, "losses"));
      expect(losses).toHaveLength(ids.length);
      losses.forEach((loss, i) => {
        expect(Math.abs(loss + logProbabilities[i]!.chosen)).toBeLessThan(1e-5);
      });
      await capture(engine, [{ ...all[0]!, logitsFrom: 0 }], { ...wanted, logits: true }, out.take);
      const logits = out.row(0, "logits");
      const V = checkpoint.config.vocabSize;
      logProbabilities.forEach(({ chosen, top }, step) => {
        const at = asked.ids.length - 1 + step;
        const row = Array.from(logits.subarray(at * V, (at + 1) * V));
        const sum = Math.log(row.reduce((total, logit) => total + Math.exp(logit), 0));
        const ranked = row.map((logit, id) => ({ id, p: logit - sum })).sort((a, b) => b.p - a.p);
        expect(Math.abs(chosen - (row[ids[step]!]! - sum))).toBeLessThan(1e-5);
        expect(top).toHaveLength(4);
        top.forEach(({ logProbability }, i) => {
          expect(Math.abs(logProbability - ranked[i]!.p)).toBeLessThan(1e-5);
        });
      });
    });

    it("takes requests from another thread while it runs", async () => {
      const model = await openModel(folder, { threads: 1 });
      try {
        const [rows, tokens] = [new Map<string, Generation>(), [] as NewToken[]];
        const running = model.generateLive(
          [request(5, { maxNewTokens: 40 }), request(1)],
          { ...options, plan: options.plan! },
          (row) => rows.set(row.id, row),
          (made) => {
            if (tokens.length === 0) {
              running.send({ kind: "enter", request: request(2) });
              running.send({ kind: "leave", id: "row 1" });
            }
            tokens.push(...made);
          },
        );
        await running.done;
        expect([...rows.keys()].sort()).toEqual(["row 2", "row 5"]);
        expect(rows.get("row 2")).toEqual(await alone(request(2)));
      } finally {
        await model.close();
      }
    });
  },
);

test("log probabilities sum to one, and equal logits are in the order of their ids", () => {
  const logits = Float32Array.of(1, 3, 3, -40, 2);
  const { chosen, top } = stepLogProbabilities(logits, 3, 5);
  expect(top.map(({ id }) => id)).toEqual([1, 2, 4, 0, 3]);
  expect(top.reduce((sum, { logProbability }) => sum + Math.exp(logProbability), 0)).toBeCloseTo(1, 14);
  expect(chosen).toBe(top[4]!.logProbability);
  expect(stepLogProbabilities(logits, 0, 0).top).toEqual([]);
  expect(stepLogProbabilities(logits, 0, 9).top).toHaveLength(5);
});
