/** Hugging Face directories: those that open, and the clear message for each thing that can be missing or wrong. */
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { writeSafetensors } from "../../../files/tensors/safetensors-writer.ts";
import { parseConfig } from "../../architecture/config.ts";
import { expectedShapes } from "../../architecture/weight-shapes.ts";
import { answeringOf } from "../answering.ts";
import { type Answers, endsOf, notesOf, openCheckpoint, textOf } from "../checkpoint.ts";

const fixtures = join(import.meta.dirname, "../../../../test/fixtures");
const scratch = mkdtempSync(join(tmpdir(), "fathom-directory-"));
const folder = join(scratch, "model");
afterAll(() => {
  rmSync(scratch, { recursive: true });
});
// The test has its own cache of hashes.
process.env["XDG_CACHE_HOME"] = join(scratch, "cache");

const config = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 570,
  hidden_size: 8,
  intermediate_size: 6,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 64,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  eos_token_id: 1,
};
const write = (name: string, value: unknown) => {
  writeFileSync(join(folder, name), JSON.stringify(value));
};
const shapes = [...expectedShapes(parseConfig(config, "test"))];

/** Writes two shards, as in a large checkpoint. */
function writeShards(change: (name: string, shape: readonly number[]) => readonly number[] | null): void {
  const map: Record<string, string> = {};
  for (const shard of [0, 1]) {
    const file = `model-0000${shard + 1}-of-00002.safetensors`;
    const tensors = shapes.flatMap(([name, original], i) => {
      const shape = i % 2 === shard ? change(name, original) : null;
      if (shape === null) return [];
      map[name] = file;
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(i);
      return [{ name, dtype: "F32" as const, shape, values }];
    });
    writeSafetensors(join(folder, file), tensors);
  }
  write("model.safetensors.index.json", { metadata: {}, weight_map: map });
}

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  cpSync(join(fixtures, "tokenizer/bytelevel"), folder, { recursive: true });
  write("config.json", config);
  writeShards((_, shape) => shape);
});

const opening = () => openCheckpoint(folder);

describe("a complete directory", () => {
  test("shards, tokenizer, template, identities", async () => {
    const checkpoint = await opening();
    const { weights } = checkpoint;
    expect([...weights.names()].sort()).toEqual(shapes.map(([name]) => name).sort());
    for (const [i, [name, shape]] of shapes.entries()) {
      expect(weights.info(name)).toEqual({ dtype: "float32", shape });
      expect([...new Set(weights.read(name))]).toEqual([i]);
    }
    expect(weights.read("model.embed_tokens.weight", [3, 5]).length).toBe(16);
    const place = weights.place("model.norm.weight")!;
    const bytes = readFileSync(place.file).subarray(place.offset, place.offset + place.length);
    expect(new Uint8Array(weights.read("model.norm.weight").buffer)).toEqual(new Uint8Array(bytes));
    expect(checkpoint).toMatchObject({ name: "model", notes: [] });
    expect(endsOf(checkpoint)).toEqual([1]);
    expect(
      textOf(checkpoint).template!.encode([{ role: "user", content: "hi" }], {
        addGenerationPrompt: true,
      })[0],
    ).toBe(0);
    expect(() => weights.info("model.layers.9.mlp.up_proj.weight")).toThrow(
      /model: expected a tensor "model.layers.9/,
    );
    weights.close();
  });

  test("an identity changes when the thing that it identifies changes, and only then", async () => {
    const identity = async () => {
      const checkpoint = await opening();
      checkpoint.weights.close();
      return { ...checkpoint.identity, ...textOf(checkpoint).identity };
    };
    const first = await identity();
    expect(await identity()).toEqual(first);
    writeFileSync(join(folder, "chat_template.jinja"), "{{ bos_token }}other");
    const second = await identity();
    expect(second).toEqual({ ...first, template: second.template });
    expect(second.template).not.toBe(first.template);
    write("config.json", { ...config, rms_norm_eps: 1e-6 });
    expect((await identity()).model).not.toBe(first.model);
  });

  test("the template may be in the config, alone or named; without one it is null", async () => {
    const tokenizerConfig = JSON.parse(readFileSync(join(folder, "tokenizer_config.json"), "utf8")) as object;
    rmSync(join(folder, "chat_template.jinja"));
    const source = async () => {
      const checkpoint = await opening();
      checkpoint.weights.close();
      return textOf(checkpoint).template?.source ?? null;
    };
    expect(await source()).toBeNull();
    write("tokenizer_config.json", { ...tokenizerConfig, chat_template: "one" });
    expect(await source()).toBe("one");
    const named = [
      { name: "tool_use", template: "tools" },
      { name: "default", template: "two" },
    ];
    write("tokenizer_config.json", { ...tokenizerConfig, chat_template: named });
    expect(await source()).toBe("two");
    write("tokenizer_config.json", { ...tokenizerConfig, chat_template: named.slice(0, 1) });
    await expect(source()).rejects.toThrow(/one named "default", found templates named "tool_use"/);
  });

  test("end tokens: generation_config.json, else config.json, else the tokenizer's", async () => {
    const ends = async () => {
      const checkpoint = await opening();
      checkpoint.weights.close();
      return endsOf(checkpoint);
    };
    write("generation_config.json", { eos_token_id: [1, 3] });
    expect(await ends()).toEqual([1, 3]);
    write("generation_config.json", { temperature: 1 });
    expect(await ends()).toEqual([1]);
    write("config.json", { ...config, eos_token_id: null });
    expect(await ends()).toEqual([1]);
    // A row that pads the vocabulary: the tokenizer has 562 tokens, the model 570.
    write("generation_config.json", { eos_token_id: [569, 1] });
    expect(await ends()).toEqual([569, 1]);
    write("generation_config.json", { eos_token_id: 99_999 });
    await expect(ends()).rejects.toThrow(
      /generation_config.json "eos_token_id": expected ids from 0 to \d+, the rows of the model's vocabulary, found 99999/,
    );
  });
});

describe("parts that not every caller needs", () => {
  const files = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja"];

  test.each<[string, () => void, RegExp]>([
    [
      "no tokenizer",
      () => {
        for (const name of files) rmSync(join(folder, name));
      },
      /model: expected a tokenizer.json, found none/,
    ],
    [
      "a broken one",
      () => {
        writeFileSync(join(folder, "tokenizer.json"), "{");
      },
      /tokenizer.json: expected JSON/,
    ],
    [
      "a template that does not parse",
      () => {
        writeFileSync(join(folder, "chat_template.jinja"), "{% if %}");
      },
      /expected a Jinja template/,
    ],
  ])("%s throws when text is asked for", async (_, spoil, message) => {
    spoil();
    const checkpoint = await opening();
    checkpoint.weights.close();
    expect(() => textOf(checkpoint)).toThrow(message);
    expect(endsOf(checkpoint)).toEqual([1]);
    expect(notesOf(checkpoint, "greedy")).toEqual([]);
  });

  test("a missing end token is noted when there are answers", async () => {
    for (const name of files) rmSync(join(folder, name));
    write("config.json", { ...config, eos_token_id: null });
    const checkpoint = await opening();
    checkpoint.weights.close();
    expect(endsOf(checkpoint)).toEqual([]);
    expect(notesOf(checkpoint, "none")).toEqual([]);
    expect(notesOf(checkpoint, "greedy")).toEqual([expect.stringContaining("an answer goes on to its cap")]);
  });

  test("the template's end of turn is an end token, and is noted when the files do not name it", async () => {
    const ends = async () => {
      const checkpoint = await opening();
      checkpoint.weights.close();
      return { ids: endsOf(checkpoint), notes: notesOf(checkpoint, "greedy") };
    };
    expect(await ends()).toEqual({ ids: [1], notes: [] });
    write("generation_config.json", { eos_token_id: 3 });
    const note = expect.stringContaining(
      "ends a turn with <|end|>, which the model's files do not name",
    ) as string;
    expect(await ends()).toEqual({ ids: [3, 1], notes: [note] });
    write("generation_config.json", { eos_token_id: [1, 3] });
    expect(await ends()).toEqual({ ids: [1, 3], notes: [] });
    // A model without a row for the mark never gives it.
    const none = { file: "", always: [], drawing: [] };
    const checkpoint = await opening();
    checkpoint.weights.close();
    expect(answeringOf({ named: [0], known: [], unfollowed: none }, textOf(checkpoint), 1).ids).toEqual([0]);
  });
});

describe("generation settings that Fathom does not apply", () => {
  const notes = async (answers: Answers = "greedy") => {
    const checkpoint = await opening();
    checkpoint.weights.close();
    return notesOf(checkpoint, answers);
  };

  test.each<[object, string, string]>([
    [{ repetition_penalty: 1.1 }, "repetition_penalty 1.1", ""],
    [{ do_sample: true, temperature: 0.7, top_p: 0.8, top_k: 20 }, "", "top_k 20, top_p 0.8"],
    [{ no_repeat_ngram_size: 3, min_p: 0.1 }, "no_repeat_ngram_size 3", "min_p 0.1"],
    [
      { suppress_tokens: [1, 2, 3, 4, 5], bad_words_ids: [[7]] },
      "bad_words_ids [[7]], suppress_tokens (5 entries)",
      "",
    ],
    [
      { stop_strings: "###", num_beams: 4, min_new_tokens: 2 },
      'min_new_tokens 2, num_beams 4, stop_strings "###"',
      "",
    ],
    [
      { repetition_penalty: 1, no_repeat_ngram_size: 0, num_beams: 1, top_p: 1, top_k: 0, min_length: 0 },
      "",
      "",
    ],
    [
      {
        repetition_penalty: null,
        suppress_tokens: [],
        sequence_bias: {},
        token_healing: false,
        max_length: 20,
      },
      "",
      "",
    ],
  ])("%j", async (settings, always, drawing) => {
    write("generation_config.json", { ...settings, eos_token_id: 1 });
    const both = [always, drawing].filter((part) => part !== "").join(", ");
    expect(await notes("none")).toEqual([]);
    expect(await notes()).toEqual(
      always === ""
        ? []
        : [
            `generation_config.json sets ${always}: not applied, each token is the most probable by the model's own probabilities.`,
          ],
    );
    expect(await notes("drawn")).toEqual(
      both === ""
        ? []
        : [
            `generation_config.json sets ${both}: not applied, each token is drawn by the model's own probabilities.`,
          ],
    );
  });

  test("settings of config.json count when there is no generation_config.json, as in Transformers", async () => {
    write("config.json", { ...config, repetition_penalty: 1.2 });
    expect(await notes()).toEqual([
      expect.stringContaining("config.json sets repetition_penalty 1.2: not applied"),
    ]);
    write("generation_config.json", { eos_token_id: 1 });
    expect(await notes()).toEqual([]);
  });
});

describe("a directory that is not complete", () => {
  const shard = join(folder, "model-00002-of-00002.safetensors");

  test.each<[string, () => void, RegExp]>([
    [
      "missing shard",
      () => {
        rmSync(shard);
      },
      /00002-of-00002.safetensors: expected the shard that .* found no such file/,
    ],
    [
      "truncated shard",
      () => {
        truncateSync(shard, 900);
      },
      /00002-of-00002.safetensors: expected .*cut short/,
    ],
    [
      "no weights",
      () => {
        rmSync(join(folder, "model.safetensors.index.json"));
      },
      /expected model.safetensors or model.safetensors.index.json, found neither/,
    ],
    [
      "no config",
      () => {
        rmSync(join(folder, "config.json"));
      },
      /with a config.json, found none/,
    ],
    [
      "broken config",
      () => {
        writeFileSync(join(folder, "config.json"), "{");
      },
      /config.json: expected JSON/,
    ],
    [
      "a shard outside",
      () => {
        write("model.safetensors.index.json", { weight_map: { a: "../x.safetensors" } });
      },
      /"a": expected the name of a file in the same folder/,
    ],
    [
      "an index without a map",
      () => {
        write("model.safetensors.index.json", {});
      },
      /expected a "weight_map"/,
    ],
    [
      "an index that is wrong",
      () => {
        write("model.safetensors.index.json", { weight_map: { a: "model-00001-of-00002.safetensors" } });
      },
      /expected "a", as the index says/,
    ],
    [
      "a wrong shape",
      () => {
        writeShards((name, shape) => (name.endsWith("0.mlp.up_proj.weight") ? [5, 8] : shape));
      },
      /"model.layers.0.mlp.up_proj.weight": expected the shape \[6, 8\] of the config, found \[5, 8\]/,
    ],
    [
      "a missing tensor",
      () => {
        writeShards((name, shape) => (name === "model.norm.weight" ? null : shape));
      },
      /expected a tensor "model.norm.weight"/,
    ],
    [
      "a bias that the config does not have",
      () => {
        write("config.json", { ...config, num_hidden_layers: 1 });
      },
      /"model.layers.1.[a-z_.]+": expected only tensors/,
    ],
  ])("%s", async (_, damage, message) => {
    damage();
    await expect(opening()).rejects.toThrow(message);
    await expect(opening()).rejects.toMatchObject({ name: "FathomError", exit: 2 });
  });

  test.each([
    ["model.norm.weight", /"model.norm.weight": expected a weight in F32, F16, BF16 or F64, found I32/],
    ["model.layers.0.mlp.up_proj.qweight", /found I32, as GPTQ and AWQ write/],
    ["model.layers.0.mlp.up_proj.weight.absmax", /found I32, as bitsandbytes writes/],
  ])("weights of a type that is not a float: %s", async (name, message) => {
    const ids = { name, dtype: "I32", shape: [8], values: new Int32Array(8) } as const;
    rmSync(join(folder, "model.safetensors.index.json"));
    writeSafetensors(join(folder, "model.safetensors"), [ids]);
    await expect(opening()).rejects.toThrow(message);
  });

  test("nothing there, or a file of another kind", async () => {
    await expect(openCheckpoint(join(scratch, "none"))).rejects.toThrow(/found nothing at this path/);
    await expect(openCheckpoint(join(folder, "config.json"))).rejects.toThrow(/found another kind of file/);
  });
});

test.each(["llama-v4-linear-fp16", "llama-mqa-llama3-bf16", "gemma2-v4-sharded"])(
  "%s, saved by Transformers",
  async (name) => {
    const { weights } = await openCheckpoint(join(fixtures, "engine", name));
    const embedding = weights.place("model.embed_tokens.weight")!;
    expect(weights.read("model.embed_tokens.weight", [0, 1]).every(Number.isFinite)).toBe(true);
    const file = openSafetensors(embedding.file);
    expect(weights.read("model.embed_tokens.weight")).toEqual(file.readFloat32("model.embed_tokens.weight"));
    file.close();
    weights.close();
  },
);
