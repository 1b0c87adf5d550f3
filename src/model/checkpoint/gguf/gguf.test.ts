/** Compares GGUF with gguf-py (oracle/gguf_fixtures.py): every block type to the bit. Damaged files are refused. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { type Checkpoint, endsOf, openCheckpoint, textOf } from "../checkpoint.ts";
import { unfollowedInGguf } from "../opened/generation-settings.ts";
import { decodedTypes } from "./block-types.ts";
import { ggufEndTokens } from "./end-tokens.ts";
import { ggufConfig } from "./gguf-config.ts";
import { llama3Divisors, type RopeTensors } from "./gguf-rope.ts";
import { ggufTokenizerFiles } from "./gguf-tokenizer.ts";
import type { GgufHeader } from "./header.ts";
import { readGgufHeader } from "./split.ts";

const folder = join(import.meta.dirname, "../../../../test/fixtures/gguf");
const file = join(folder, "tiny.gguf");
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as {
  rows: number[];
  float32_sha256: Record<string, string>;
};
let checkpoint: Checkpoint;
let header: GgufHeader;
let scratch: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "fathom-gguf-"));
  process.env["XDG_CACHE_HOME"] = join(scratch, "cache");
  checkpoint = await openCheckpoint(file);
  header = readGgufHeader(file);
});
afterAll(() => {
  checkpoint.weights.close();
  rmSync(scratch, { recursive: true });
});

describe("decoding equals gguf-py's", () => {
  test.each(Object.entries(expected.float32_sha256))("%s to the bit", (name, sha256) => {
    const values = checkpoint.weights.read(name);
    expect(createHash("sha256").update(new Uint8Array(values.buffer)).digest("hex")).toBe(sha256);
  });

  test("every type that Fathom claims to decode is in the fixture", () => {
    const types = new Set(header.tensors.map(({ type }) => type.name));
    expect([...types].sort()).toEqual([...decodedTypes].sort());
  });

  test("single rows, also of the reordered q and k", () => {
    const rows = openSafetensors(join(folder, "expected_rows.safetensors"));
    for (const [name, { shape }] of rows.entries) {
      if (shape.length !== 2) continue;
      const [, columns] = shape as [number, number];
      const all = rows.readFloat32(name);
      for (const [i, row] of expected.rows.entries()) {
        const wanted = all.subarray(i * columns, (i + 1) * columns);
        expect(checkpoint.weights.read(name, [row, row + 1])).toEqual(wanted);
      }
    }
    rows.close();
  });

  test("only float tensors in their own order can be mapped", () => {
    const place = (name: string) => checkpoint.weights.place(`model.${name}.weight`);
    expect(place("layers.0.self_attn.v_proj")).toMatchObject({ dtype: "bfloat16", length: 32 * 256 * 2 });
    expect(place("norm")).toMatchObject({ dtype: "float32", length: 256 * 4 });
    expect(place("layers.0.self_attn.k_proj")).toBeNull();
    expect(place("embed_tokens")).toBeNull();
    const { file: path, offset, length } = place("norm")!;
    const bytes = readFileSync(path).subarray(offset, offset + length);
    expect(new Uint8Array(checkpoint.weights.read("model.norm.weight").buffer)).toEqual(
      new Uint8Array(bytes),
    );
  });
});

describe("a GGUF checkpoint", () => {
  test("has the config of its metadata", () => {
    expect(checkpoint.config).toMatchObject({
      family: "llama",
      vocabSize: 560 + 2,
      hiddenSize: 256,
      layers: Array.from({ length: 3 }, () => ({
        intermediateSize: 64,
        heads: 2,
        kvHeads: 1,
        headDim: 32,
        rope: { theta: 10_000, rotated: 32, scaling: null },
        window: null,
        kvFrom: null,
      })),
      contextLength: 512,
      tiedHead: true,
      attentionBias: false,
    });
    expect(checkpoint.config.queryScale).toBeCloseTo(32 ** -0.5, 15);
  });

  test("has the tokenizer and the template of the same Hugging Face directory", () => {
    const same = JSON.parse(readFileSync(join(folder, "../tokenizer/bytelevel/expected.json"), "utf8")) as {
      prompts: { text: string; ids: number[]; parsed_ids: number[]; decoded: string }[];
      chats: {
        messages: { role: "user"; content: string }[];
        add_generation_prompt: boolean;
        ids: number[];
      }[];
    };
    const { tokenizer, template } = textOf(checkpoint);
    for (const { text, ids, parsed_ids: parsed, decoded } of same.prompts) {
      expect(tokenizer.encode(text, { addSpecial: true })).toEqual(ids);
      expect(tokenizer.encode(text, { addSpecial: true, parseSpecial: true })).toEqual(parsed);
      expect(tokenizer.decode(parsed)).toBe(decoded);
    }
    for (const { messages, add_generation_prompt: addGenerationPrompt, ids } of same.chats)
      expect(template!.encode(messages, { addGenerationPrompt })).toEqual(ids);
  });

  test("ends an answer at the end of the text or of the turn, and has a stable identity", async () => {
    const ids = ["<|end|>", "<|user|>"].map((token) => textOf(checkpoint).tokenizer.idOf(token));
    expect(endsOf(checkpoint)).toEqual(ids);
    const again = await openCheckpoint(file);
    expect(again.identity).toEqual(checkpoint.identity);
    expect(checkpoint.identity.model).toMatch(/^[0-9a-f]{64}$/);
    again.weights.close();
  });
});

const none: RopeTensors = { always: null, short: null, long: null };

/** Offset of the list of tokens: its kind (u32), its items' kind (u32), its length (u64). */
const listAt = (copy: Buffer): number =>
  copy.indexOf("tokenizer.ggml.tokens") + "tokenizer.ggml.tokens".length;

describe("a GGUF file that is wrong", () => {
  const changed = (change: Record<string, unknown>, drop: string[] = []): GgufHeader => {
    const metadata = new Map([...header.metadata, ...Object.entries(change)]);
    for (const key of drop) metadata.delete(key);
    return { ...header, metadata };
  };

  test.each([
    ["general.architecture", "bert", /"general.architecture": expected llama, .*found "bert"/],
    ["llama.expert_count", 8, /"expert_count": expected 0, found 8/],
    [
      "llama.rope.scaling.type",
      "dynamic",
      /"rope.scaling.type": expected "none" or "linear" or "yarn", found "dynamic"/,
    ],
    ["llama.rope.dimension_count", 16, /"rope.dimension_count": expected 32, found 16/],
    ["llama.attention.sliding_window", 64, /"attention.sliding_window": expected only settings/],
    ["llama.attention.head_count_kv", [1, 2], /"attention.head_count_kv": expected a positive whole/],
    ["llama.attention.head_count_kv", 3, /a divisor of the 2/],
    ["llama.logit_scale", 0.5, /"logit_scale"/],
  ])("%s = %j is refused by name", (key, value, message) => {
    expect(() => ggufConfig(changed({ [key]: value }), none)).toThrow(message);
  });

  test("linear and Llama 3 rotary scaling are read; unknown divisors are refused", () => {
    const linear = changed({ "llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": 4 });
    expect(ggufConfig(linear, none).layers[0]!.rope.scaling).toEqual({ type: "linear", factor: 4 });
    const llama3 = {
      type: "llama3",
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalContext: 8192,
    } as const;
    const long = changed({ "llama.rope.freq_base": 500_000 });
    const factors = Float32Array.from(llama3Divisors(32, 500_000, 8));
    expect(ggufConfig(long, { ...none, always: factors }).layers[0]!.rope.scaling).toEqual(llama3);
    factors[10]! *= 1.01;
    expect(() => ggufConfig(long, { ...none, always: factors })).toThrow(
      /rope_freqs.weight": expected the rotary scaling of Llama 3/,
    );
  });

  test.each<[Record<string, unknown>, RegExp]>([
    [
      { "tokenizer.ggml.model": "bert" },
      /"tokenizer.ggml.model": expected gpt2, llama, gemma4, found "bert"/,
    ],
    [{ "tokenizer.ggml.model": "llama" }, /"tokenizer.ggml.scores": expected 562 scores, or merges/],
    [{ "tokenizer.ggml.remove_extra_whitespaces": true }, /remove_extra_whitespaces": expected false/],
    [{ "tokenizer.ggml.precompiled_charsmap": [1, 2] }, /precompiled_charsmap": expected only settings/],
    [{ "tokenizer.ggml.model": "llama", "tokenizer.ggml.add_space_prefix": 1 }, /expected true or false/],
    [{ "tokenizer.ggml.pre": "viking" }, /"tokenizer.ggml.pre": expected gpt-2, .*found "viking"/],
    [{ "tokenizer.ggml.merges": ["a b c"] }, /merges": expected two tokens and a space/],
    [{ "tokenizer.ggml.tokens": ["a", "a"], "tokenizer.ggml.token_type": [1, 1] }, /every token once/],
    [{ "tokenizer.ggml.token_type": [1] }, /token_type": expected 562 numbers/],
    [{ "tokenizer.ggml.bos_token_id": 9999 }, /bos_token_id": expected an id below 562/],
  ])("%j is refused", (change, message) => {
    const merges = change["tokenizer.ggml.model"] === "llama" ? ["tokenizer.ggml.merges"] : [];
    expect(() => ggufTokenizerFiles(changed(change, merges))).toThrow(message);
  });

  test("no tokenizer, no end token", () => {
    expect(() => ggufTokenizerFiles(changed({}, ["tokenizer.ggml.model"]))).toThrow(/expected a tokenizer/);
    const none = changed({}, ["tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id"]);
    expect(ggufEndTokens(none, 562)).toEqual({ named: [], known: [1] });
  });

  // llama.cpp's end-of-generation tokens for files without any key.
  test.each<[string[], string[]]>([
    [
      ["a", "<end_of_turn>", "<eos>", "<bos>"],
      ["<end_of_turn>", "<eos>"],
    ],
    [
      ["<|eot_id|>", "<|eom_id|>", "<|end_of_text|>", "<|begin_of_text|>"],
      ["<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"],
    ],
    [
      ["<|im_start|>", "<|im_end|>", "<|endoftext|>"],
      ["<|im_end|>", "<|endoftext|>"],
    ],
    [
      ["<EOT>", "_<EOT>", "[EOT]", "[EOS]", "EOT", "<|End|>"],
      ["<EOT>", "_<EOT>", "[EOT]", "[EOS]"],
    ],
    [
      ["<|end|>", "<|return|>", "<|call|>"],
      ["<|return|>", "<|call|>"],
    ],
    [
      ["<|end|>", "<|flush|>", "<|calls|>"],
      ["<|flush|>", "<|calls|>"],
    ],
    [
      ["<|end|>", "<|return|>"],
      ["<|end|>", "<|return|>"],
    ],
    [
      ["</s>", "<turn|>", "<|tool_response>"],
      ["<turn|>", "<|tool_response>"],
    ],
    [["</s>", "<s>"], ["</s>"]],
    [
      ["<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<|fim_prefix|>"],
      ["<|fim_pad|>", "<|repo_name|>", "<|file_sep|>"],
    ],
  ])("%j end at %j", (tokens, expected) => {
    const keys = ["eos", "eot"].map((role) => `tokenizer.ggml.${role}_token_id`);
    const { named, known } = ggufEndTokens(changed({ "tokenizer.ggml.tokens": tokens }, keys), tokens.length);
    expect(named).toEqual([]);
    expect(known.map((id) => tokens[id]).sort()).toEqual(expected.toSorted());
  });

  test("</s> is HTML when it is not a control token", () => {
    const said = { "tokenizer.ggml.tokens": ["</s>", "<|im_end|>"] };
    const keys = ["eos", "eot"].map((role) => `tokenizer.ggml.${role}_token_id`);
    const known = (kinds: number[]) =>
      ggufEndTokens(changed({ ...said, "tokenizer.ggml.token_type": kinds }, keys), 2).known;
    expect(known([3, 1]).toSorted()).toEqual([0, 1]);
    expect(known([1, 1])).toEqual([1]);
    expect(known([4, 3])).toEqual([1]);
  });

  test("sampler settings are reported and not applied", () => {
    const said = {
      "general.sampling.penalty_repeat": 1.1,
      "general.sampling.top_k": 40,
      "general.sampling.temp": 0.7,
    };
    const unfollowed = unfollowedInGguf("m.gguf", changed(said).metadata);
    expect(unfollowed).toEqual({ file: "m.gguf", always: ["penalty_repeat 1.1"], drawing: ["top_k 40"] });
    expect(unfollowedInGguf("m.gguf", header.metadata)).toMatchObject({ always: [], drawing: [] });
  });

  test("a key takes precedence over the spellings of other tokens", () => {
    const tokens = ["<|fim_pad|>", "x", "y"];
    const said = { "tokenizer.ggml.tokens": tokens, "tokenizer.ggml.fim_pad_token_id": 1 };
    const keys = ["eos", "eot"].map((role) => `tokenizer.ggml.${role}_token_id`);
    expect(ggufEndTokens(changed(said, keys), 3).known).toEqual([1]);
    expect(() => ggufEndTokens(changed({ "tokenizer.ggml.eos_token_id": 3 }), 3)).toThrow(/an id below 3/);
  });

  const bytes = readFileSync(file);
  const damaged = (name: string, content: Uint8Array): string => {
    const path = join(scratch, `${name}.gguf`);
    writeFileSync(path, content);
    return path;
  };

  test.each([0, 3, 20, 500, 5_000, 12_000, bytes.length - 1])("cut to %i bytes", async (length) => {
    const path = damaged(`cut-${length}`, bytes.subarray(0, length));
    await expect(openCheckpoint(path)).rejects.toMatchObject({ name: "FathomError", exit: 2 });
  });

  test("a file name in capitals is accepted", async () => {
    const path = join(scratch, "TINY.GGUF");
    writeFileSync(path, bytes);
    const { identity, weights } = await openCheckpoint(path);
    expect(identity).toEqual(checkpoint.identity);
    weights.close();
  });

  test("another kind of file, another tensor type, another tensor", async () => {
    await expect(openCheckpoint(damaged("text", Buffer.from("hello")))).rejects.toThrow(
      /expected a GGUF file/,
    );
    const name = "blk.0.ffn_up.weight";
    const at = bytes.indexOf(name) + name.length;
    const retyped = Buffer.from(bytes);
    // After the name: dimensions (u32), their sizes (2 × u64), the type.
    retyped.writeUInt32LE(16, at + 4 + 16);
    await expect(openCheckpoint(damaged("type", retyped))).rejects.toThrow(
      /"blk.0.ffn_up.weight": expected a tensor type among .*found IQ2_XXS/,
    );
    const resized = Buffer.from(bytes);
    resized.writeBigUInt64LE(32n, at + 4 + 8);
    await expect(openCheckpoint(damaged("shape", resized))).rejects.toThrow(
      /"model.layers.0.mlp.up_proj.weight": expected the shape \[64, 256\] of the config, found \[32, 256\]/,
    );
    const renamed = Buffer.from(bytes);
    renamed.write("blk.0.ffn_xx.weight", bytes.indexOf(name));
    await expect(openCheckpoint(damaged("name", renamed))).rejects.toThrow(/"blk.0.ffn_xx.weight"/);
    const moved = Buffer.from(bytes);
    moved.writeBigUInt64LE(0n, at + 4 + 16 + 4);
    await expect(openCheckpoint(damaged("overlap", moved))).rejects.toThrow(/an overlap with/);
  });

  test.each<[string, (copy: Buffer) => void, RegExp]>([
    ["another version", (copy) => copy.writeUInt32LE(1, 4), /expected GGUF version 2 or 3.*found version 1/],
    [
      "a thousand billion tensors",
      (copy) => copy.writeBigUInt64LE(10n ** 12n, 8),
      /goes on for 24000000000000/,
    ],
    [
      "more keys than a number holds",
      (copy) => copy.writeBigUInt64LE(2n ** 64n - 1n, 16),
      /a number of keys/,
    ],
    ["a key of a gigabyte", (copy) => copy.writeBigUInt64LE(2n ** 30n, 24), /goes on for 1073741824/],
    ["a key of another encoding", (copy) => copy.writeUInt8(0xff, 32), /expected texts in UTF-8/],
    [
      "an unknown kind of value",
      (copy) => copy.writeUInt32LE(99, 24 + 8 + 20),
      /kind of value below 13, found 99/,
    ],
    [
      "a list of lists",
      (copy) => copy.writeUInt32LE(9, listAt(copy) + 4),
      /expected a list of plain values, found a list of lists/,
    ],
    [
      "a list longer than the file",
      (copy) => copy.writeBigUInt64LE(2n ** 40n, listAt(copy) + 8),
      /goes on for 8796093022208/,
    ],
    [
      "a key twice",
      (copy) => copy.write("llama.attention.key_length", copy.indexOf("llama.rope.dimension_count")),
      /every key once, found "llama.attention.key_length" twice/,
    ],
  ])("%s", async (name, change, message) => {
    const copy = Buffer.from(bytes);
    change(copy);
    await expect(openCheckpoint(damaged(name, copy))).rejects.toThrow(message);
  });
});
