/** The parts of a tokenizer.json against Rust's tokenizers (oracle/tokenizer_parts.py). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { combineTokenizerFiles } from "./tokenizer-files.ts";
import { buildTokenizer } from "./tokenizer-json.ts";

interface Case {
  json: { model: object };
  texts: string[];
  ids: number[][];
  decoded: string[];
}

const fixtures = join(import.meta.dirname, "../../test/fixtures/tokenizer/parts");

test.each(["added-tokens", "one-normalizer", "compiled-normalizer", "pre-tokenizer", "unigram"])(
  "%s: ids and text as Rust's tokenizers",
  (name) => {
    const file = readFileSync(join(fixtures, `${name}.json`), "utf8");
    const { vocab, cases } = JSON.parse(file) as { vocab: unknown; cases: Case[] };
    expect(cases.length).toBeGreaterThan(0);
    for (const { json, texts, ids, decoded } of cases) {
      const whole = { ...json, model: { vocab, ...json.model } };
      const tokenizer = buildTokenizer(combineTokenizerFiles("t", whole, {}));
      const found = texts.map((text, i) => ({
        text,
        ids: tokenizer.encode(text, { addSpecial: true, parseSpecial: true }),
        decoded: tokenizer.decode(ids[i]!),
      }));
      expect(found).toEqual(texts.map((text, i) => ({ text, ids: ids[i], decoded: decoded[i] })));
    }
  },
);
