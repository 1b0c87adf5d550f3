/** Models in 8 and 4 bits: their distance from fp32, the cache of their blocks, and a damaged cache. */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { relativeError } from "../../../test/support/graph.ts";
import { floatsOf, OddFolder, whole, withFloats } from "../../../test/support/odd-folder.ts";
import { expectSameRow } from "../../../test/support/same-row.ts";
import type { Precision } from "../../core/records/precision.ts";
import { multipliedMatrices } from "../architecture/weight-shapes.ts";
import { CapturedRows } from "../engine/captured-rows.ts";
import { inputPeaks } from "../engine/input-peaks.ts";
import { type Model, type OpenOptions, openModel } from "../model.ts";
import { openCheckpoint, openWeights } from "./checkpoint.ts";
import { openSafetensorsWeights } from "./directory/weights-safetensors.ts";
import { weightsIn } from "./precision.ts";
import { quantizeWeights } from "./quantized/quantized.ts";

const fixtures = join(import.meta.dirname, "../../../test/fixtures");
const checkpoints = {
  "bf16 with biases": join(fixtures, "engine/llama-gqa-bias"),
  "Gemma 2, tied": join(fixtures, "engine/gemma2-window"),
};
const scratch = mkdtempSync(join(tmpdir(), "fathom-precision-"));
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
let cache = "";
beforeEach(() => {
  cache = mkdtempSync(join(scratch, "cache-"));
  process.env["XDG_CACHE_HOME"] = cache;
});

const kept = () => join(cache, "fathom", "quantized");
const files = () => readdirSync(kept()).filter((name) => name.endsWith(".safetensors"));
const ids = [3, 14, 15, 9, 26, 5, 35, 8, 97, 93];

async function withModel<T>(
  path: string,
  options: OpenOptions & { precision: Precision },
  use: (model: Model) => Promise<T>,
): Promise<T> {
  const model = await openModel(path, { threads: 1, ...options });
  try {
    return await use(model);
  } finally {
    await model.close();
  }
}

async function logitsOf(model: Model, prompt = ids): Promise<number[]> {
  const captured = new CapturedRows();
  await model.capture([{ id: "0", ids: prompt }], { layers: [], logits: true, edits: [] }, captured.take);
  return [...captured.row(0, "logits")];
}

describe.each(Object.entries(checkpoints))("%s", (_, path) => {
  test("is near fp32 in 8 bits, less near in 4 bits, and equal to it in neither", async () => {
    const exact = await withModel(path, { precision: "fp32" }, logitsOf);
    const of8 = relativeError(await withModel(path, { precision: "int8" }, logitsOf), exact);
    const of4 = relativeError(await withModel(path, { precision: "int4" }, logitsOf), exact);
    expect(of8).toBeGreaterThan(1e-5);
    expect(of8).toBeLessThan(0.1);
    expect(of4).toBeGreaterThan(of8);
    expect(of4).toBeLessThan(0.6);
  });
});

const ofEachFamily = [
  ...[
    "llama-gqa-bias",
    "mistral-window",
    "gemma2-window",
    "gemma3-local-global",
    "gemma4-e2b",
    "phi3-partial-su",
  ],
  ...["qwen2-biases", "qwen3-norms", "olmo2-norms"],
];

describe.each(ofEachFamily)("%s", (name) => {
  const path = join(fixtures, "engine", name);

  test.each(["int8", "int4"] as const)(
    "in %s a row gives the same bits alone and in a batch, where the processor has the kernel for it",
    async (precision) => {
      await withModel(path, { precision }, async (model) => {
        const requests = [ids, ids.slice(0, 4), ids.slice(2, 9)].map((prompt, i) => ({
          id: String(i),
          ids: prompt,
          maxNewTokens: 6,
          temperature: 0,
          seed: 0,
        }));
        const run = async (batchSize: number) => {
          const scores: number[][] = [];
          const plan = { prompts: requests.map((request) => request.ids), capacity: 16 };
          await model.generate(
            requests,
            { endTokens: [], batchSize, watch: [1, 2], captureLayers: [0], edits: [], plan },
            (row, i) => (scores[i] = [...row.ids, ...row.watchScores, ...row.activations[0]!]),
          );
          return scores;
        };
        const [together, alone] = [await run(3), await run(1)];
        expect(together).toHaveLength(alone.length);
        for (const [i, row] of alone.entries()) expectSameRow(row, together[i]!, "model");
      });
    },
  );

  test("under int8, what reads the residual stream is held as integers if asked for, and all others in blocks", async () => {
    const { config, identity } = await openCheckpoint(path);
    for (const int8Products of [true, false]) {
      const plain = await openWeights(path, config, null);
      const peaksOf = (matrices: readonly string[]) => inputPeaks(config, plain, { threads: 1 }, matrices);
      const weights = await weightsIn("int8", plain, config, {
        ...{ identity, overlay: null, keep: false, int8Products, peaksOf },
      });
      const matrices = [...multipliedMatrices(config).keys()];
      const asIntegers = matrices.filter((matrix) => "copies" in weights.form!(matrix)!);
      const reading = /\.(?:q_proj|k_proj|v_proj|qkv_proj|gate_proj|up_proj|gate_up_proj)\.weight$/;
      expect(asIntegers).toEqual(int8Products ? matrices.filter((matrix) => reading.test(matrix)) : []);
      expect(matrices.length).toBeGreaterThan(asIntegers.length);
      weights.close();
    }
  });
});

describe("the cache of rounded weights", () => {
  const path = checkpoints["bf16 with biases"];
  const rounded = async (options: Omit<OpenOptions, "precision"> = {}) => {
    let made = 0;
    const open = { precision: "int8" as const, ...options, onRounded: () => made++ };
    const logits = await withModel(path, open, logitsOf);
    return { made: made > 0, logits };
  };

  test("is made once, and then read", async () => {
    const first = await rounded();
    expect(first.made).toBe(true);
    expect(files()).toHaveLength(1);
    const again = await rounded();
    expect(again).toEqual({ ...first, made: false });
    await withModel(path, { precision: "int4" }, logitsOf);
    expect(files()).toHaveLength(2);
  });

  test.each([
    ["cut short", (file: string) => truncateSync(file, 1000)],
    ["longer", (file: string) => appendFileSync(file, "x")],
    [
      "of the same size with one bit turned",
      (file: string) => {
        const bytes = readFileSync(file);
        bytes[bytes.length - 200]! ^= 1;
        writeFileSync(file, bytes);
      },
    ],
    ["deleted", (file: string) => rmSync(file)],
    ["without its hash", (file: string) => rmSync(file.replace(".safetensors", ".sha256"))],
  ])("a file that is %s is made again", async (_, spoil) => {
    const first = await rounded();
    const file = join(kept(), files()[0]!);
    const whole = readFileSync(file);
    spoil(file);
    expect(await rounded()).toEqual(first);
    expect(readFileSync(file).equals(whole)).toBe(true);
    expect((await rounded()).made).toBe(false);
  });

  test("can be switched off, and need not be writable", async () => {
    const first = await rounded({ keepRounded: false });
    expect(() => readdirSync(kept())).toThrow("ENOENT");
    // A file with the name of the folder.
    writeFileSync(join(cache, "nowhere"), "");
    process.env["XDG_CACHE_HOME"] = join(cache, "nowhere");
    expect(await rounded()).toEqual(first);
  });
});

test("a matrix with NaN or infinities is refused by name, not rounded to zero", async () => {
  const folder = new OddFolder();
  folder.begin();
  const name = "model.layers.0.mlp.up_proj.weight";
  const values = floatsOf(whole[name]!);
  values[5] = -Infinity;
  folder.writeWhole({ ...whole, [name]: withFloats(whole[name]!, values) });
  // Opening a checkpoint refuses it earlier. Only an adapter's branch of an embedding is first checked here.
  const weights = openSafetensorsWeights(folder.path);
  const peaksOf = () => Promise.resolve(new Map([[name, new Float32Array(16).fill(1)]]));
  for (const held of [{ as: "blocks", bits: 8 }, { as: "columns" }] as const) {
    const made = quantizeWeights(weights, [{ name, out: 24, in: 16, held }], {
      ...{ identity: "x", recipe: 1, keep: false },
      peaksOf,
    });
    await expect(made).rejects.toThrow(`"${name}": expected finite numbers, found NaN or Infinity`);
  }
  weights.close();
  folder.remove();
});

test("gradients need fp32", async () => {
  const run = (model: Model) =>
    model.gradients(
      [{ id: "a", ids, objective: { kind: "log_odds", position: 3, tokens: [1] } }],
      { edits: [], sites: [{ layer: 0, site: "resid_post" }] },
      () => undefined,
    );
  await expect(withModel(checkpoints["Gemma 2, tied"], { precision: "int8" }, run)).rejects.toThrow(
    "gradients: expected a model in fp32, found int8. Try: --precision fp32",
  );
});
