/**
 * Edits inside the block graph, in checkpoints of every family: a run without an edit gives the same bits with slots and
 * without, and a row's bits under edits do not depend on its batch.
 */
import { describe, expect, it } from "vitest";
import { editsEverywhere } from "../../../test/support/edits-everywhere.ts";
import { engineFixtures, openEngineFixture } from "../../../test/support/engine-fixture.ts";
import { openCheckpoint } from "../checkpoint/checkpoint.ts";
import { KvCache } from "./cache/kv-cache.ts";
import { capture } from "./capture.ts";
import { CapturedRows } from "./captured-rows.ts";
import type { Edit, EditMasks } from "./edits/edit.ts";
import { Engine } from "./engine.ts";
import { generate, planOf } from "./generate.ts";
import type { Generation } from "./generation.ts";

describe.each(engineFixtures)("%s", (name) => {
  const { folder, reference, close } = openEngineFixture(name);
  const requests = reference.prompts.map((ids, i) => ({ id: String(i), ids }));

  it("reads a shared start once for equal masks on it, and generates what each row gives alone", async () => {
    const { config, weights } = await openCheckpoint(folder);
    const engine = await Engine.open(config, weights, { threads: 1 });
    const edits = editsEverywhere(config.hiddenSize, config.layers.length);
    const all = edits.map(() => Float32Array.of(1, 1, 1));
    const first = edits.map(() => Float32Array.of(1, 0, 0));
    // None on the start, which has 12 tokens.
    const later = all.map((features) => ({
      features,
      tokens: Float32Array.from({ length: 14 }, (_, t) => Number(t > 12)),
    }));
    const start = reference.prompts[2]!.slice(0, 12);
    const prompts = [
      [...start, 7, 8, 9],
      [...start, 5, 6],
    ];
    const none = edits.map(() => new Float32Array(3));
    const rows = [all, first, later, none].flatMap((masks, m) =>
      prompts.map((ids, p) => ({
        ...{ id: `${m} ${p}`, ids, masks, maxNewTokens: 5, temperature: 0, seed: 0 },
      })),
    );
    const run = async (asked: typeof rows, batchSize: number) => {
      const out = new Map<string, Generation>();
      let read = 0;
      await generate(
        engine,
        asked,
        { endTokens: [], batchSize, watch: [5], captureLayers: [0], edits, plan: planOf(rows) },
        (generation) => out.set(generation.id, generation),
        (tokens, kind) => (read += kind === "prompt" ? tokens : 0),
      );
      return { out, read };
    };
    try {
      const together = await run(rows, 5);
      expect(together.read).toBeGreaterThanOrEqual(3 * 12 + 4 * (3 + 2));
      expect(together.read).toBeLessThanOrEqual(5 * 12 + 4 * (3 + 2));
      expect((await run(rows, 8)).read).toBe(3 * 12 + 4 * (3 + 2));
      for (const row of rows) expect((await run([row], 1)).out.get(row.id)).toEqual(together.out.get(row.id));
      expect((await run(rows.toReversed(), 3)).out).toEqual(together.out);
      expect(together.out.get("0 0")).not.toEqual(together.out.get("1 0"));
    } finally {
      await engine.close();
      weights.close();
    }
  });

  it("keeps of a draft what the model writes itself, under edits too", async () => {
    const { config, weights } = await openCheckpoint(folder);
    const engine = await Engine.open(config, weights, { threads: 1 });
    const edits = editsEverywhere(config.hiddenSize, config.layers.length);
    const rows = requests.map((row, i) => ({
      ...{ ...row, maxNewTokens: 7 + i, temperature: 0, seed: 0 },
      masks: edits.map((_, e) => Float32Array.from([0, 1, 2], (f) => Number((i + e + f) % 3 === 0))),
    }));
    const run = async (drafts: readonly (readonly number[])[], endTokens: number[], asked = rows) => {
      const out = new Map<string, Generation>();
      let read = 0;
      const options = { endTokens, batchSize: 2, watch: [5], captureLayers: [], edits, plan: planOf(rows) };
      await generate(
        engine,
        asked.map((row) => ({ ...row, draft: drafts[rows.indexOf(row)]! })),
        options,
        (generation) => out.set(generation.id, generation),
        (tokens, kind) => (read += kind === "prompt" ? tokens : 0),
      );
      return { out, read };
    };
    const plain = await run([[], [], []], []);
    const answers = rows.map(({ id }) => plain.out.get(id)!.ids);
    const other = (ids: readonly number[], at: number) =>
      ids.map((id, i) => (i === at ? (id + 1) % 200 : id));
    const drafts: number[][][] = [
      answers,
      answers.map((ids) => [...ids, 1, 2, 3]),
      answers.map((ids, i) => other(ids, 2 * i)),
      [answers[0]!.slice(0, 3), [], other(answers[2]!, 1)],
    ];
    try {
      for (const endTokens of [[], [answers[0]![4]!]]) {
        const expected = (await run([[], [], []], endTokens)).out;
        for (const own of drafts) {
          const { out, read } = await run(own, endTokens);
          expect(read).toBeGreaterThan(plain.read);
          for (const row of rows) {
            const [found, wanted] = [out.get(row.id)!, expected.get(row.id)!];
            expect({ ids: found.ids, finish: found.finish }).toEqual({
              ids: wanted.ids,
              finish: wanted.finish,
            });
            const near = (a: readonly number[], b: readonly number[]) => {
              expect(a.length).toBe(b.length);
              a.forEach((value, i) =>
                expect(Math.abs(value - b[i]!)).toBeLessThan(1e-3 * (1 + Math.abs(b[i]!))),
              );
            };
            near(found.watchScores, wanted.watchScores);
            near(found.moved, wanted.moved);
            expect((await run(own, endTokens, [row])).out.get(row.id)).toEqual(found);
          }
        }
      }
    } finally {
      await engine.close();
      weights.close();
    }
  });

  it("gives the same bits without slots, with empty slots and under empty masks; edits move them", async () => {
    const { config, weights } = await openCheckpoint(folder);
    const engine = await Engine.open(config, weights, { threads: 1 });
    const layers = [...config.layers.keys()];
    const all = async (edits: Edit[], masks?: EditMasks) => {
      const out = new CapturedRows();
      const rows = requests.map((row) => (masks === undefined ? row : { ...row, masks }));
      await capture(engine, rows, { layers, logits: true, edits }, out.take);
      return rows.map((_, i) => [...layers, "logits" as const].map((place) => out.row(i, place)));
    };
    const answers = async (edits: Edit[], order: number[], batchSize: number, masks?: EditMasks[]) => {
      const out = new Map<string, Generation>();
      const rows = requests.map((row, i) => ({
        ...{ ...row, maxNewTokens: 6 + 3 * i, temperature: 0, seed: 0 },
        ...(masks === undefined ? {} : { masks: masks[i]! }),
      }));
      await generate(
        engine,
        order.map((i) => rows[i]!),
        { endTokens: [], batchSize, watch: [5], captureLayers: [1], edits, plan: planOf(rows) },
        (generation) => out.set(generation.id, generation),
      );
      return out;
    };
    try {
      const plain = await all([]);
      const answered = await answers([], [0, 1, 2], 3);
      const edits = editsEverywhere(config.hiddenSize, layers.length);
      expect(
        await all(
          edits,
          edits.map(() => new Float32Array(3)),
        ),
      ).toEqual(plain);
      expect(await all([])).toEqual(plain);
      expect(await answers([], [0, 1, 2], 2)).toEqual(answered);

      // Each edit alone moves the row, and says so.
      for (const [i, edit] of edits.entries()) {
        const cache = new KvCache(config, 1);
        cache.open();
        const moved = new Float32Array(edits.length);
        const [ids] = [requests[0]!.ids];
        await engine.step(cache, 0, [ids], {
          edits: { edits: engine.edits.of([edit]), masks: [[Float32Array.of(1, 1, 1)]] },
          onEdit: { activations: false, take: (_, results) => (moved[i] = Math.max(...results.moved)) },
        });
        expect(moved[i], `${edit.site} of block ${edit.layer}`).toBeGreaterThan(0.01);
      }

      const masks = requests.map(
        (_, i): EditMasks =>
          edits.map((_, e) => Float32Array.from([0, 1, 2], (f) => Number((i + e + f) % 2 === 0))),
      );
      const together = await answers(edits, [0, 1, 2], 3, masks);
      expect(together).not.toEqual(answered);
      for (const order of [[0], [1], [2], [2, 0]])
        for (const [id, row] of await answers(edits, order, 2, masks)) expect(row).toEqual(together.get(id));
      expect(Math.min(...[...together.values()].flatMap(({ moved }) => moved))).toBeGreaterThan(0);
    } finally {
      await engine.close();
      weights.close();
      close();
    }
  });
});
