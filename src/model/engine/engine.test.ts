/** Compares the engine with Transformers in fp32 (oracle/engine_fixtures.py), on tiny checkpoints of every family. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engineFixtures, openEngineFixture } from "../../../test/support/engine-fixture.ts";
import { relativeError as error } from "../../../test/support/graph.ts";
import { readJson } from "../../files/disk/io.ts";
import { parseConfig } from "../architecture/config.ts";
import { ropeSwitch } from "../architecture/rotary.ts";
import { type Checkpoint, endsOf, notesOf, openCheckpoint, textOf } from "../checkpoint/checkpoint.ts";
import { KvCache } from "./cache/kv-cache.ts";
import { capture } from "./capture.ts";
import { CapturedRows } from "./captured-rows.ts";
import type { Edit, EditMasks } from "./edits/edit.ts";
import { Engine } from "./engine.ts";
import { generate, planOf } from "./generate.ts";
import type { GenerateOptions, Generation } from "./generation.ts";
import { GradientEngine, type Gradients } from "./gradients.ts";

describe.each(engineFixtures)("%s", (name) => {
  const { folder, reference, tensors, read, close } = openEngineFixture(name);
  const switchAt = ropeSwitch(parseConfig(readJson(`${folder}/config.json`), name));
  const requests = reference.prompts.map((ids, i) => ({ id: String(i), ids }));
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

  const captureAll = async (
    rows: typeof requests,
    edits: readonly Edit[] = [],
    masks?: EditMasks[],
    by = engine,
  ) => {
    const out = new CapturedRows();
    const layers = Array.from({ length: checkpoint.config.layers.length }, (_, i) => i);
    const masked = rows.map((row, i) => (masks === undefined ? row : { ...row, masks: masks[i]! }));
    await capture(by, masked, { layers, logits: true, edits }, out.take);
    return rows.map((_, i) => ({
      residuals: new Map(layers.map((layer) => [layer, out.row(i, layer)])),
      logits: out.row(i, "logits"),
    }));
  };
  const generateAll = async (rows: typeof requests, n: number, options: Partial<GenerateOptions> = {}) => {
    const out: Generation[] = [];
    await generate(
      engine,
      rows.map((row) => ({ ...row, maxNewTokens: n, temperature: 0, seed: 0 })),
      { endTokens: [], batchSize: 3, watch: [], captureLayers: [], edits: [], ...options },
      (generation, i) => (out[i] = generation),
    );
    return out;
  };

  it("gives every layer's residual and the logits within 2e-4 of the largest magnitude, in an unequal batch", async () => {
    const captured = await captureAll(requests);
    captured.forEach(({ residuals, logits }, i) => {
      for (const [layer, residual] of residuals) {
        expect(error(residual, read(`prompt.${i}.layer.${layer}`)), `layer ${layer}`).toBeLessThan(2e-4);
      }
      expect(error(logits, read(`prompt.${i}.logits`)), "logits").toBeLessThan(2e-4);
    });
  });

  it("continues from a replaced output exactly as from the same output of an edit, with the logits asked for", async () => {
    const { hiddenSize, vocabSize } = checkpoint.config;
    const edit: Edit = {
      layer: 1,
      activation: "identity",
      encoder: new Float32Array(hiddenSize),
      bias: new Float32Array(1),
      decoder: Float32Array.from({ length: hiddenSize }, (_, i) => Math.sin(i)),
      scale: new Float32Array(1),
      offset: Float32Array.of(3),
    };
    const plain = await captureAll(requests);
    const edited = await captureAll(requests, [edit]);
    const replaced = requests.map((row, i) => ({ ...row, replacement: edited[i]!.residuals.get(1)! }));
    // With a block below captured, all blocks run. Without, those below are left out.
    for (const layers of [[0], []]) {
      const out = new CapturedRows();
      const asked = replaced.map((row) => ({ ...row, logitsFrom: 1 }));
      await capture(engine, asked, { layers, logits: true, edits: [], replaceAt: 1 }, out.take);
      edited.forEach(({ logits }, i) => {
        const own = logits.subarray(vocabSize);
        expect(error(out.row(i, "logits"), own)).toBeLessThan(1e-6);
        expect(error(plain[i]!.logits.subarray(vocabSize), own)).toBeGreaterThan(1e-4);
      });
    }
  });

  it("computes the same bits when its blocks are opened again one by one", async () => {
    const fresh = await Engine.open(checkpoint.config, checkpoint.weights, { threads: 1 });
    try {
      const { layers, hiddenSize } = checkpoint.config;
      const all = async () => {
        const outputs: Float32Array[] = [];
        const cache = new KvCache(checkpoint.config, 1);
        cache.open();
        await fresh.step(cache, 0, [requests[2]!.ids], {
          capture: {
            layers: new Set(layers.keys()),
            take: (_, residual) => outputs.push(residual.slice()),
          },
        });
        return outputs;
      };
      const together = await all();
      expect(together.length).toBe(layers.length);
      for (const lastLayer of layers.keys()) {
        const cache = new KvCache(checkpoint.config, 1);
        cache.open();
        const { residual } = await fresh.step(cache, 0, [[1, 2]], { lastLayer });
        expect(residual.length).toBe(2 * hiddenSize);
      }
      expect(await all()).toEqual(together);
    } finally {
      await fresh.close();
    }
  });

  it("gives the same row whatever other rows are in its batch", async () => {
    const together = await captureAll(requests);
    for (const [i, request] of requests.entries()) {
      const [alone] = await captureAll([request]);
      expect(error(together[i]!.logits, alone!.logits)).toBeLessThan(1e-5);
    }
  });

  it("captures the same bits with one block open at a time, also for long rows", async () => {
    const scratch = mkdtempSync(join(tmpdir(), "fathom-engine-"));
    const { weights } = checkpoint;
    const config = { ...checkpoint.config, contextLength: 2048 };
    const long = Array.from({ length: 1100 }, (_, i) => 4 + ((i * 31) % 200));
    const rows = [...requests, { id: "long", ids: long }];
    const open = await Engine.open(config, weights, { threads: 1 });
    const oneBlockAtATime = { beside: join(scratch, "acts") };
    const small = await Engine.open(config, weights, { threads: 1, oneBlockAtATime });
    try {
      expect(await captureAll(rows, [], undefined, small)).toEqual(
        await captureAll(rows, [], undefined, open),
      );
      expect(readdirSync(scratch)).toEqual([]);
    } finally {
      await open.close();
      await small.close();
      rmSync(scratch, { recursive: true });
    }
  });

  it("generates the 64 greedy tokens of the reference while rows enter and leave", async () => {
    for (const batchSize of [3, 2]) {
      const out = await generateAll(requests, 64, { batchSize });
      expect(out.map((row) => row.ids)).toEqual(reference.greedy);
      expect(out.map((row) => row.finish)).toEqual(["length", "length", "length"]);
    }
  });

  it("stops at the checkpoint's end tokens, and a smaller cap is a prefix", async () => {
    const { endTokens } = reference;
    // The end tokens of the files, and the template's mark if the files do not name it, which is noted.
    const ends = endsOf(checkpoint);
    expect(ends.slice(0, endTokens.length).toSorted()).toEqual(endTokens.toSorted());
    const { tokenizer } = textOf(checkpoint);
    const marks = notesOf(checkpoint, "greedy").map((note) => /ends a turn with (.*), which/.exec(note)?.[1]);
    expect(marks).toEqual(ends.slice(endTokens.length).map((id) => tokenizer.tokenOf(id)));
    const stopped = await generateAll(requests, 64, { endTokens });
    expect(stopped.map((row) => row.ids)).toEqual(
      reference.stopped.map((ids) => ids.filter((id) => !reference.endTokens.includes(id))),
    );
    const short = await generateAll(requests, 10);
    expect(short.map((row) => row.ids)).toEqual(reference.greedy.map((ids) => ids.slice(0, 10)));
  });

  it("keeps the activations of exactly the response tokens", async () => {
    const layers = [1, 0];
    const out = await generateAll(requests, 12, { captureLayers: layers });
    const whole = await captureAll(requests.map(({ id, ids }, i) => ({ id, ids: [...ids, ...out[i]!.ids] })));
    out.forEach((row, i) => {
      const d = checkpoint.config.hiddenSize;
      layers.forEach((layer, at) => {
        const expected = whole[i]!.residuals.get(layer)!.slice(requests[i]!.ids.length * d);
        expect(row.activations[at]!.length).toBe(12 * d);
        expect(error(row.activations[at]!, expected)).toBeLessThan(1e-5);
      });
    });
  });

  it("reads a shared prefix once and generates the same", async () => {
    const [ids] = [reference.prompts[2]!];
    const family = [ids, [...ids.slice(0, 30), 7, 8], [...ids.slice(0, 30), 9]].map((ids, i) => ({
      id: String(i),
      ids,
    }));
    const counted: number[] = [];
    const out: Generation[] = [];
    await generate(
      engine,
      family.map((row) => ({ ...row, maxNewTokens: 12, temperature: 0, seed: 0 })),
      { endTokens: [], batchSize: 3, watch: [], captureLayers: [], edits: [] },
      (generation, i) => (out[i] = generation),
      (tokens, kind) => kind === "prompt" && counted.push(tokens),
    );
    expect(counted.reduce((a, b) => a + b)).toBe(30 + 11 + 2 + 1);
    for (const [i, row] of family.entries()) {
      expect(out[i]!.ids).toEqual((await generateAll([row], 12))[0]!.ids);
    }
  });

  it.runIf(switchAt !== null)("rotates a prompt that is read in pieces like the whole prompt", async () => {
    const ids = reference.prompts[2]!;
    const cache = new KvCache(checkpoint.config, 1);
    cache.open();
    const lengths = [ids.length];
    await engine.step(cache, 0, [ids.slice(0, switchAt! - 5)], { lengths });
    const { residual } = await engine.step(cache, 0, [ids.slice(switchAt! - 5)], { lengths });
    const whole = read(`prompt.2.layer.${checkpoint.config.layers.length - 1}`);
    expect(error(residual, whole.slice(whole.length - residual.length))).toBeLessThan(2e-4);
  });

  it.runIf(switchAt !== null)(
    "never reads a prefix with the angles of the other side of the switch",
    async () => {
      const at = switchAt!;
      // Their answers cross the switch, except for prompts that are beyond it from the start.
      const family = [at - 9, at - 4, at, at + 1, at + 3, at + 8].map((length, i) => ({
        id: String(i),
        ids: reference.prompts[2]!.slice(0, length),
      }));
      const together = await generateAll(family, 12);
      for (const [i, row] of family.entries())
        expect(together[i]!.ids).toEqual((await generateAll([row], 12))[0]!.ids);
    },
  );

  it("gives a row the same bits in every batch, so that a resumed run ends with the same findings", async () => {
    const [short, middle, long] = reference.prompts as [number[], number[], number[]];
    const family = [short, middle, long, middle.slice(0, 9), [...middle, 5], [...long.slice(0, 20), 7]];
    const rows = family.map((ids, i) => ({
      id: String(i),
      ids,
      maxNewTokens: 6 + 5 * i,
      temperature: 0,
      seed: 0,
    }));
    const run = async (order: number[], batchSize: number) => {
      const out = new Map<string, Generation>();
      await generate(
        engine,
        order.map((i) => rows[i]!),
        { endTokens: [], batchSize, watch: [5], captureLayers: [1], edits: [], plan: planOf(rows) },
        (generation) => out.set(generation.id, generation),
      );
      return out;
    };
    const whole = await run([0, 1, 2, 3, 4, 5], 6);
    for (const [order, batchSize] of [
      [[0, 1, 2, 3, 4, 5], 1],
      [[5, 4, 3, 2, 1, 0], 2],
      [[4, 1], 2],
      [[3, 0, 5], 3],
    ] as const) {
      for (const [id, row] of await run([...order], batchSize)) expect(row).toEqual(whole.get(id));
    }
  });

  it("gives PyTorch's gradients of a logit difference, for every residual and one block's weights", async () => {
    const { prompt, plus, minus } = reference.gradient;
    const gradients = new GradientEngine(engine);
    const ids = reference.prompts[prompt]!;
    const position = ids.length - 1;
    const layers = Array.from({ length: checkpoint.config.layers.length }, (_, i) => i);
    const terms = [
      { position, token: plus, coefficient: 1 },
      { position, token: minus, coefficient: -1 },
    ];
    const results: Gradients[] = [];
    await gradients.run(
      [{ id: "0", ids, objective: { kind: "logits", terms } }],
      { edits: [], sites: layers.map((layer) => ({ layer, site: "resid_post" })), weightsOf: 1 },
      (row) => results.push(row),
    );
    await gradients.close();
    const result = results[0]!;
    for (const layer of layers) {
      expect(error(result.sites[layer]!, read(`gradient.layer.${layer}`)), `layer ${layer}`).toBeLessThan(
        1e-3,
      );
    }
    const weights = [...tensors].filter((tensor) => tensor.startsWith("gradient.weights."));
    expect(result.weights.size).toBe(weights.length);
    for (const weight of weights) {
      const found = result.weights.get(weight.slice("gradient.weights.".length))!;
      expect(error(found, read(weight)), weight).toBeLessThan(1e-3);
    }
  });

  it.runIf(tensors.has("edit.E"))("edits each row of a batch by its own mask, as a hook does", async () => {
    // The reference has other targets for each row, so every row gets its own copy of the features.
    const [E, b, D, target, mask] = ["E", "b", "D", "target", "mask"].map((part) => read(`edit.${part}`));
    const d = checkpoint.config.hiddenSize;
    const k = b!.length;
    const rows = requests.length;
    const encoder = new Float32Array(d * k * rows);
    for (let i = 0; i < d; i++) {
      for (let r = 0; r < rows; r++) encoder.set(E!.subarray(i * k, (i + 1) * k), (i * rows + r) * k);
    }
    const repeated = (values: Float32Array) =>
      Float32Array.from({ length: values.length * rows }, (_, i) => values[i % values.length]!);
    const edit: Edit = {
      layer: reference.edit!.layer,
      activation: "relu",
      encoder,
      bias: repeated(b!),
      decoder: repeated(D!),
      scale: new Float32Array(k * rows),
      offset: Float32Array.from(target!),
    };
    const masks = requests.map((_, r) => {
      const own = new Float32Array(k * rows);
      own.set(mask!.subarray(r * k, (r + 1) * k), r * k);
      return [own];
    });
    const edited = await captureAll(requests, [edit], masks);
    edited.forEach(({ logits }, i) => {
      expect(error(logits, read(`edit.prompt.${i}.logits`))).toBeLessThan(2e-4);
    });
    const plain = await captureAll(requests);
    expect(error(edited[0]!.logits, plain[0]!.logits)).toBe(0);
  });
});
