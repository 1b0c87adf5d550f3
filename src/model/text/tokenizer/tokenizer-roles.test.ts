/** Compares added tokens and roles with Transformers' AutoTokenizer (oracle/tokenizer_roles.py). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chatTemplate } from "../template.ts";
import { combineTokenizerFiles } from "./tokenizer-files.ts";
import { buildTokenizer } from "./tokenizer-json.ts";

interface Fixture {
  tokenizers: object[];
  template: string;
  cases: {
    tokenizer: number;
    files: Parameters<typeof combineTokenizerFiles>[2];
    roles: Record<string, string>;
    added: [id: number, content: string, ...flags: boolean[]][];
    ids: number[] | null;
  }[];
}

const path = join(import.meta.dirname, "../../../../test/fixtures/tokenizer/roles.json");
const { tokenizers, template, cases } = JSON.parse(readFileSync(path, "utf8")) as Fixture;

test.each(cases.map((one, i) => [i, one] as const))("files beside a tokenizer.json, case %i", (_, one) => {
  const files = combineTokenizerFiles("t", tokenizers[one.tokenizer], one.files);
  expect(files.specialTokens).toEqual(one.roles);
  const added = files.added.map((token) => [
    token.id,
    token.content,
    token.special,
    token.lstrip,
    token.rstrip,
    token.singleWord,
    token.normalized,
  ]);
  expect(added.sort(([a], [b]) => Number(a) - Number(b))).toEqual(one.added);
  if (one.ids === null) return;
  const chat = chatTemplate("t", template, files.specialTokens, buildTokenizer(files));
  const options = { addGenerationPrompt: false };
  expect(chat.encode([{ role: "user", content: "ab c" }], options)).toEqual(one.ids);
});

test("a new token has the next id, and a file that gives another id is refused", () => {
  const size = Object.keys((tokenizers[0] as { model: { vocab: object } }).model.vocab).length;
  const bare = { ...tokenizers[0], added_tokens: [] };
  const added = (id: number) => combineTokenizerFiles("t", bare, { added: { "<new>": id } }).added;
  expect(added(size)).toMatchObject([{ id: size, content: "<new>", special: false }]);
  expect(() => added(size + 5)).toThrow(/the id \d+ for "<new>", found \d+ in a list of added tokens/);
});
