/** NaN and Infinity are found at every place and in every type, and an overflow is named. Finite weights are accepted. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import {
  floatsOf,
  inDouble,
  OddFolder,
  prompts,
  type Tensors,
  whole,
  withFloats,
  without,
  zeros,
} from "../../../test/support/odd-folder.ts";
import { type Model, modelOf } from "../model.ts";
import { multipliesInt8 } from "../ort/int8-products.ts";
import { openCheckpoint } from "./checkpoint.ts";

const folder = new OddFolder();
afterAll(() => {
  folder.remove();
});
beforeEach(() => {
  folder.begin();
});

const [head, embedding] = ["lm_head.weight", "model.embed_tokens.weight"];
const matrix = "model.layers.1.mlp.down_proj.weight";

/** The model with one number of a tensor replaced. */
function damaged(name: string, at: number, value: number): Tensors {
  const values = floatsOf(whole[name]!);
  values[at] = value;
  return { ...whole, [name]: withFloats(whole[name]!, values) };
}

/** A tensor as bfloat16 (the upper halves of its words) or a constant float16 tensor, with the bits of one number set. */
function narrow(name: string, dtype: "BF16" | "F16", at: number, bits: number): Tensors {
  const words = new Uint32Array(floatsOf(whole[name]!).buffer);
  const halves = Uint16Array.from(words, (word) => (dtype === "BF16" ? word >>> 16 : 0x3400));
  halves[at] = bits;
  return { ...whole, [name]: { dtype, shape: whole[name]!.shape, bytes: new Uint8Array(halves.buffer) } };
}

const opening = async () => {
  const { weights } = await openCheckpoint(folder.path);
  weights.close();
};

describe("a weight that is not finite is named, with its place", () => {
  test.each<[string, () => Tensors, string]>([
    [
      "NaN in a matrix",
      () => damaged(matrix, 2 * 24 + 3, NaN),
      `"${matrix}": expected finite numbers, found NaN at [2, 3]`,
    ],
    ["the last of a matrix", () => damaged(matrix, 16 * 24 - 1, Infinity), "found Infinity at [15, 23]"],
    [
      "in a norm",
      () => damaged("model.norm.weight", 3, -Infinity),
      `"model.norm.weight": expected finite numbers, found -Infinity at [3]`,
    ],
    [
      "a token that would never be chosen",
      () => damaged(head, 300 * 16, -Infinity),
      `"${head}": expected finite numbers, found -Infinity at [300, 0]`,
    ],
    ["bfloat16, low half of a word", () => narrow(matrix, "BF16", 4, 0x7fc0), "found NaN at [0, 4]"],
    ["bfloat16, high half of a word", () => narrow(matrix, "BF16", 5, 0xff80), "found -Infinity at [0, 5]"],
    ["float16", () => narrow(matrix, "F16", 7, 0x7c01), "found NaN at [0, 7]"],
    ["float16, infinite", () => narrow(matrix, "F16", 8, 0xfc00), "found -Infinity at [0, 8]"],
    [
      "float64, a number that is too large for float32",
      () => {
        const wide = inDouble(whole[matrix]!);
        new Float64Array(wide.bytes.buffer)[30] = 1e39;
        return { ...whole, [matrix]: wide };
      },
      "found Infinity at [1, 6]",
    ],
  ])("%s", async (_, tensors, message) => {
    folder.writeWhole(tensors());
    await expect(opening()).rejects.toThrow(message);
    await expect(opening()).rejects.toMatchObject({ name: "FathomError", exit: 2 });
  });

  test("the last of an odd number of 16-bit floats", async () => {
    folder.writeConfig({ intermediate_size: 23, mlp_bias: true, tie_word_embeddings: false });
    const filled = (shape: number[], dtype = "F32", width = 4) => zeros(dtype, shape, width);
    const mlps = [0, 1].flatMap((layer) => {
      const mlp = `model.layers.${layer}.mlp`;
      return [
        ...["gate_proj", "up_proj"].flatMap((name) => [
          [`${mlp}.${name}.weight`, filled([23, 16])] as const,
          [`${mlp}.${name}.bias`, filled([23], "BF16", 2)] as const,
        ]),
        [`${mlp}.down_proj.weight`, filled([16, 23])] as const,
        [`${mlp}.down_proj.bias`, filled([16])] as const,
      ];
    });
    folder.writeWhole({ ...whole, ...Object.fromEntries(mlps) });
    await opening();
    const bias = "model.layers.1.mlp.up_proj.bias";
    const last = filled([23], "BF16", 2);
    last.bytes.set([0x81, 0x7f], 44);
    folder.writeWhole({ ...whole, ...Object.fromEntries(mlps), [bias]: last });
    await expect(opening()).rejects.toThrow(`"${bias}": expected finite numbers, found NaN at [22]`);
  });

  test("every pattern of bits of float16 and bfloat16 is told apart", async () => {
    for (const [dtype, ones] of [
      ["BF16", 0x7f80],
      ["F16", 0x7c00],
    ] as const)
      for (const bits of [
        ones - 1,
        ones,
        ones + 1,
        0x8000 | ones,
        (0x8000 | ones) - 1,
        0xffff,
        0x7fff,
        0,
        0x8000,
        0x0080,
      ]) {
        folder.writeWhole(narrow(matrix, dtype, 9, bits));
        if ((bits & ones) === ones)
          await expect(opening()).rejects.toThrow(/found (NaN|-?Infinity) at \[0, 9\]/);
        else await opening();
      }
  });

  test("a scale of a GGUF file's blocks", async () => {
    const bytes = readFileSync("test/fixtures/gguf/tiny.gguf");
    const { weights } = await openCheckpoint("test/fixtures/gguf/tiny.gguf");
    const kinds = new Set<string>();
    for (const name of weights.names()) {
      const floats = weights.floats(name);
      const { dtype } = weights.info(name);
      if (name === embedding || floats === null || kinds.has(dtype)) continue;
      kinds.add(dtype);
      for (const at of floats.at) {
        const copy = Buffer.from(bytes);
        const [width, bits] =
          floats.dtype === "float32" ? [4, 0x7fc0_0000] : [2, floats.dtype === "float16" ? 0x7c00 : 0x7f80];
        copy.writeUIntLE(bits, floats.offset + floats.stride + at, width);
        const path = join(folder.path, "damaged.gguf");
        writeFileSync(path, copy);
        await expect(openCheckpoint(path)).rejects.toThrow(`"${name}": expected finite numbers, found `);
      }
    }
    expect(kinds.size).toBeGreaterThan(4);
    weights.close();
  });
});

describe("a row of the embedding", () => {
  test("that no prompt uses does not matter", async () => {
    folder.writeWhole(damaged(embedding, 555 * 16, NaN));
    const { rows } = await folder.answer();
    folder.begin();
    folder.writeWhole(whole);
    expect(rows).toEqual((await folder.answer()).rows);
  });

  test("that a prompt uses is named when it is read", async () => {
    folder.writeWhole(damaged(embedding, prompts[0]![2]! * 16 + 4, NaN));
    await expect(folder.answer()).rejects.toThrow(
      `"${embedding}": expected finite numbers, found NaN at [${prompts[0]![2]}, 4]`,
    );
  });

  test("of a tied head is a logit of every token", async () => {
    folder.writeConfig({ tie_word_embeddings: true });
    folder.writeWhole(without(damaged(embedding, 555 * 16, NaN), head));
    await expect(opening()).rejects.toThrow(`"${embedding}": expected finite numbers, found NaN at [555, 0]`);
  });
});

describe("an overflow although the weights are finite", () => {
  const scaled = (name: string, by: number): Tensors => ({
    ...whole,
    [name]: withFloats(
      whole[name]!,
      floatsOf(whole[name]!).map((value) => value * by),
    ),
  });
  const withModel = async (use: (model: Model) => Promise<void>) => {
    const model = await modelOf(await openCheckpoint(folder.path));
    try {
      await use(model);
    } finally {
      await model.close();
    }
  };

  test.each(["fp32", "int8"] as const)("a block, by its number and the prompt (%s)", async (precision) => {
    folder.writeWhole({ ...scaled(matrix, 1e38), ...scaledUp() });
    const isMeasured = precision === "int8" && (await multipliesInt8());
    await expect(folder.answer({ precision, keepRounded: false })).rejects.toThrow(
      isMeasured
        ? /prompt "calibration sample 1": expected finite numbers, found NaN or Infinity in the output of block 1/
        : /prompt "p[01]": expected finite numbers, found NaN or Infinity in the output of block 1/,
    );
  });
  const scaledUp = (): Tensors => {
    const up = "model.layers.1.mlp.up_proj.weight";
    return { [up]: scaled(up, 1e6)[up]! };
  };

  test("the logits", async () => {
    folder.writeWhole({
      ...scaled(head, 1e38),
      "model.norm.weight": scaled("model.norm.weight", 1e4)["model.norm.weight"]!,
    });
    await expect(folder.answer()).rejects.toThrow(/prompt "p[01]": .* in the logits/);
    await withModel(async (model) => {
      const requests = prompts.map((ids, i) => ({ id: `c${i}`, ids }));
      await expect(
        model.capture(requests, { layers: [0], logits: true, edits: [] }, () => undefined),
      ).rejects.toThrow(/prompt "c[01]": .* in the logits/);
    });
  });

  test("a gradient", async () => {
    folder.writeWhole(whole);
    await withModel(async (model) => {
      const terms = [
        { position: 3, token: 5, coefficient: 3e38 },
        { position: 3, token: 6, coefficient: -3e38 },
      ];
      await expect(
        model.gradients(
          [{ id: "a", ids: prompts[1]!, objective: { kind: "logits", terms } }],
          { edits: [], sites: [0, 1].map((layer) => ({ layer, site: "resid_post" })) },
          () => undefined,
        ),
      ).rejects.toThrow(
        /gradients of "a": expected finite numbers, found NaN or Infinity in the gradient of resid_post \d/,
      );
    });
  });
});

test("weights that were found finite are not checked again, and changed ones are", async () => {
  folder.writeWhole(whole);
  await opening();
  folder.writeWhole(damaged(matrix, 0, NaN));
  await expect(opening()).rejects.toThrow("found NaN at [0, 0]");
});
