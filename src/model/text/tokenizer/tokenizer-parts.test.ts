/** Compares the parts of a tokenizer.json with Rust's tokenizers (oracle/tokenizer_parts.py). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeWithEnds } from "../decode-ends.ts";
import type { EncodingTokenizer } from "./tokenizer.ts";
import { combineTokenizerFiles } from "./tokenizer-files.ts";
import { buildTokenizer } from "./tokenizer-json.ts";

interface Case {
  json: { model: object; decoder: { type: string } | null };
  texts: string[];
  ids: number[][];
  decoded: string[];
}

const fixtures = join(import.meta.dirname, "../../../../test/fixtures/tokenizer/parts");

function casesOf(name: string): { tokenizer: EncodingTokenizer; one: Case }[] {
  const file = readFileSync(join(fixtures, `${name}.json`), "utf8");
  const { vocab, cases } = JSON.parse(file) as { vocab: unknown; cases: Case[] };
  expect(cases.length).toBeGreaterThan(0);
  return cases.map((one) => {
    const whole = { ...one.json, model: { vocab, ...one.json.model } };
    return { one, tokenizer: buildTokenizer(combineTokenizerFiles("t", whole, {})) };
  });
}

test.each([
  "added-tokens",
  "one-normalizer",
  "compiled-normalizer",
  "pre-tokenizer",
  "unigram",
  "decoder",
  "merged",
  "words",
])("%s: ids and text equal those of Rust's tokenizers", (name) => {
  for (const { tokenizer, one } of casesOf(name)) {
    const { json, texts, ids, decoded } = one;
    const found = texts.map((text) => tokenizer.encode(text, { addSpecial: true, parseSpecial: true }));
    if (texts.length > 0) expect({ texts, ids: found }).toEqual({ texts, ids });
    expect({ json, ids, decoded: ids.map((some) => tokenizer.decode(some)) }).toEqual({
      json,
      ids,
      decoded,
    });
  }
});

test.each([true, false])("the end of each token in a text (marks left out: %s)", (skipSpecial) => {
  for (const { tokenizer, one } of casesOf("decoder"))
    for (const ids of one.ids) {
      const { text, ends } = decodeWithEnds(tokenizer, ids, { skipSpecial });
      const whole = { text, last: ends.at(-1), ends: ends.toSorted((a, b) => a - b) };
      const expected = { text: tokenizer.decode(ids, { skipSpecial }), last: text.length, ends };
      expect(whole).toEqual(expected);
      if (one.json.decoder?.type === "Sequence") continue;
      // If the text of the first tokens is a prefix of the whole text, its length is the end of the last of them.
      for (const [i, end] of ends.slice(0, -1).entries()) {
        const start = tokenizer.decode(ids.slice(0, i + 1), { skipSpecial });
        if (text.startsWith(start) && !start.endsWith("\uFFFD"))
          expect({ ids, i, end }).toEqual({ ids, i, end: start.length });
      }
    }
});

test("a Metaspace that contradicts itself is refused, as in Rust", () => {
  const Metaspace = { type: "Metaspace", replacement: "▁", add_prefix_space: false };
  const json = { model: { type: "BPE", vocab: { a: 0 }, merges: [] } };
  for (const part of ["decoder", "pre_tokenizer"])
    expect(() => buildTokenizer(combineTokenizerFiles("t", { ...json, [part]: Metaspace }, {}))).toThrow(
      "prepend_scheme",
    );
});

test.each([
  ["random ids", { type: "BPE", vocab: { a: 0 }, merges: [], dropout: 0.1 }, "dropout"],
  ["a merge whose result is not a token", { type: "BPE", vocab: { a: 0, b: 1 }, merges: ["a b"] }, '"ab"'],
  ["a missing unknown token", { type: "WordLevel", vocab: { a: 0 } }, "unk_token"],
  ["an unknown kind of model", { type: "Word2Vec", vocab: { a: 0 } }, "Word2Vec"],
])("%s: refused as in Rust, or because ids would be random", (_, model, message) => {
  expect(() => buildTokenizer(combineTokenizerFiles("t", { model }, {}))).toThrow(message);
});

test("a model without a kind is recognized by its settings", () => {
  const vocab = { a: 0, b: 1, ab: 2, "##b": 3, x: 4 };
  const pieces = { continuing_subword_prefix: "##", max_input_chars_per_word: 100 };
  const idsOf = (settings: object) =>
    buildTokenizer(combineTokenizerFiles("t", { model: { vocab, unk_token: "x", ...settings } }, {})).encode(
      "abb",
      { addSpecial: false },
    );
  expect([idsOf({ merges: ["#version: 0.2", "a b"] }), idsOf(pieces), idsOf({})]).toEqual([
    [2, 1],
    [2, 3],
    [4],
  ]);
});
