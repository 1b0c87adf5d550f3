/**
 * Folders that say a thing twice or in an unusual way. They are read as Transformers reads them
 * (`oracle/odd_checkpoints.py` builds the same ones), or refused by name.
 */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import {
  cases,
  config,
  inDouble,
  OddFolder,
  old,
  otherHead,
  type Tensors,
  whole,
  without,
  zeros,
} from "../../../test/support/odd-folder.ts";
import { openCheckpoint } from "./checkpoint.ts";

const folder = new OddFolder();
afterAll(() => {
  folder.remove();
});
beforeEach(() => {
  folder.begin();
});
const [head, embedding] = ["lm_head.weight", "model.embed_tokens.weight"];
const norm = "model.layers.1.input_layernorm.weight";
const write = (name: string, text: string) => {
  folder.write(name, text);
};
const writeConfig = (settings: object) => {
  folder.writeConfig(settings);
};
const writeWhole = (tensors: Tensors) => {
  folder.writeWhole(tensors);
};
const writeShards = (tensors: Tensors, files?: boolean) => {
  folder.writeShards(tensors, files);
};

const tied = { tie_word_embeddings: true };
const spoken: Readonly<Record<string, { write: () => void; note?: RegExp }>> = {
  plain: {
    write: () => {
      writeWhole(whole);
    },
  },
  tied: {
    write() {
      writeConfig(tied);
      writeWhole(without(whole, head));
    },
  },
  "tied, and the same head stored": {
    write() {
      writeConfig(tied);
      writeWhole({ ...whole, [head]: whole[embedding]! });
    },
  },
  "tied, and another head stored": {
    write() {
      writeConfig(tied);
      writeWhole({ ...whole, [head]: otherHead });
    },
    note: /"tie_word_embeddings".* hold another "lm_head.weight"/,
  },
  "tied, and another head in a shard": {
    write() {
      writeConfig(tied);
      writeShards({ ...whole, [head]: otherHead });
    },
    note: /"tie_word_embeddings".* hold another "lm_head.weight"/,
  },
  "tied, and only a head stored": {
    write() {
      writeConfig(tied);
      writeWhole({ ...without(whole, embedding), [head]: whole[embedding]! });
    },
  },
  "a whole file beside its own shards": {
    write() {
      writeWhole(whole);
      writeShards(whole);
    },
  },
  "a whole file beside an index without shards": {
    write() {
      writeWhole(whole);
      writeShards(old, false);
    },
    note: /model.safetensors is read/,
  },
  "an index of the whole file": {
    write() {
      writeWhole(whole);
      const weight_map = Object.fromEntries(Object.keys(whole).map((name) => [name, "model.safetensors"]));
      write("model.safetensors.index.json", JSON.stringify({ weight_map }));
    },
  },
  "a norm in float64": {
    write() {
      writeWhole({ ...whole, [norm]: inDouble(whole[norm]!) });
    },
  },
  "all in float64": {
    write() {
      writeWhole(Object.fromEntries(Object.entries(whole).map(([name, one]) => [name, inDouble(one)])));
    },
  },
  buffers: {
    write() {
      writeWhole({
        ...whole,
        "model.embeddings.position_ids": zeros("I64", [1, 64], 8),
        "model.layers.0.self_attn.bias": zeros("BOOL", [1, 1, 64, 64], 1),
        "model.layers.0.self_attn.rotary_emb.inv_freq": zeros("F32", [4], 4),
      });
    },
  },
};

describe("answers equal Transformers'", () => {
  test("every case of the oracle is here or in the refused cases below", () => {
    expect([...Object.keys(spoken), "a whole file beside other shards"].sort()).toEqual(
      Object.keys(cases).sort(),
    );
  });

  test.each(Object.entries(spoken))("%s", async (name, { write: make, note }) => {
    make();
    const { rows, notes } = await folder.answer();
    expect(rows).toEqual(cases[name]!.rows.map(({ tokens }) => tokens));
    if (note === undefined) expect(notes).toEqual([]);
    else expect(notes.join("\n")).toMatch(note);
  });

  test("another head counts in int8 too", async () => {
    spoken["tied, and another head stored"]!.write();
    const { rows } = await folder.answer({ precision: "int8", keepRounded: false });
    const expected = cases["tied, and another head stored"]!.rows.map(({ tokens }) => tokens[0]);
    expect(rows.map(([first]) => first)).toEqual(expected);
  });
});

describe("refused by name", () => {
  test.each<[string, () => void, RegExp]>([
    [
      "a whole file beside other shards",
      () => {
        writeWhole(whole);
        writeShards(old);
      },
      /model\.safetensors: expected the weights of the shards that .* found another "/,
    ],
    [
      "a whole file beside shards with one tensor more",
      () => {
        writeWhole(whole);
        writeShards({ ...whole, extra: zeros("F32", [2], 4) });
      },
      /model\.safetensors: expected the weights of the shards .* found another "extra"/,
    ],
    [
      "a head without an embedding, and not tied",
      () => {
        writeWhole(without(whole, embedding));
      },
      /"model.embed_tokens.weight": expected the embedding, which is not tied to the head, found none/,
    ],
    [
      "no head, and not tied",
      () => {
        writeWhole(without(whole, head));
      },
      /expected a tensor "lm_head.weight"/,
    ],
    [
      "a stored head of another size",
      () => {
        writeConfig(tied);
        writeWhole({ ...whole, [head]: zeros("F32", [100, 16], 4) });
      },
      /"lm_head.weight": expected the shape \[570, 16\] of the config, found \[100, 16\]/,
    ],
    [
      "a weight of whole numbers",
      () => {
        writeWhole({ ...whole, [norm]: zeros("I64", [16], 8) });
      },
      /"model.layers.1.input_layernorm.weight": expected a weight in F32, F16, BF16 or F64, found I64. Try: a checkpoint that holds/,
    ],
    [
      "a quantized weight",
      () => {
        writeWhole({ ...whole, "model.layers.0.mlp.up_proj.weight": zeros("F4", [24, 16], 0.5) });
      },
      /found F4, as microscaling checkpoints have. Try: the unquantized checkpoint/,
    ],
    [
      "a float tensor that no graph reads",
      () => {
        writeWhole({ ...whole, "model.layers.0.extra": zeros("F64", [2], 8) });
      },
      /"model.layers.0.extra": expected only tensors/,
    ],
    [
      "NaN in a setting that changes the computation",
      () => {
        writeWhole(whole);
        write("config.json", JSON.stringify({ ...config, rms_norm_eps: "?" }).replace('"?"', "NaN"));
      },
      /config.json "rms_norm_eps": expected a positive number, found "NaN"$/,
    ],
  ])("%s", async (_, make, message) => {
    make();
    await expect(openCheckpoint(folder.path)).rejects.toThrow(message);
    await expect(openCheckpoint(folder.path)).rejects.toMatchObject({ name: "FathomError", exit: 2 });
  });
});

test("NaN and Infinity, as Python writes them, are allowed in settings that change no computation", async () => {
  writeWhole(whole);
  const text = JSON.stringify({ ...config, tie_word_embeddings: false, initializer_range: 0, top_p: 1 });
  write(
    "config.json",
    text
      .replace('"initializer_range":0', '"initializer_range":NaN')
      .replace('"top_p":1', '"top_p":-Infinity'),
  );
  write("generation_config.json", '{"eos_token_id": 1, "temperature": Infinity}');
  const { rows } = await folder.answer();
  expect(rows).toEqual(cases["plain"]!.rows.map(({ tokens }) => tokens));
});
