/** Marks that a template writes but that are not added tokens are named in a note. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { cutMarks } from "./cut-marks.ts";
import { chatTemplate } from "./template.ts";
import { combineTokenizerFiles, readTokenizerFiles } from "./tokenizer/tokenizer-files.ts";
import { buildTokenizer } from "./tokenizer/tokenizer-json.ts";

const { tokenizer: json } = readTokenizerFiles(
  join(import.meta.dirname, "../../../test/fixtures/tokenizer/bytelevel"),
);
const { vocab, ...model } = json["model"] as { vocab: Record<string, number> };
const size = Object.keys(vocab).length;
const marks = ["<|q|>", "<|assistant|>", "[A]", "<ï½ľqï½ľ>"];
const withMarks = {
  ...json,
  model: { ...model, vocab: { ...vocab, ...Object.fromEntries(marks.map((mark, i) => [mark, size + i])) } },
};

function notes(source: string, changes: object = {}): string[] {
  const files = combineTokenizerFiles("t", { ...withMarks, added_tokens: [], ...changes }, {});
  const tokenizer = buildTokenizer(files);
  return cutMarks(chatTemplate("t", source, {}, tokenizer), tokenizer);
}

const turns = (begin: string, end = "") =>
  `{% for m in messages %}${begin}{{ m.content }}${end}{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}`;

test("each mark is named once, whether the template contains it or builds it from parts", () => {
  expect(notes(turns("<|q|>"))).toEqual([
    expect.stringMatching(
      /^The chat template writes <\|q\|> \(token \d+\), <\|assistant\|> \(token \d+\), which are/,
    ),
  ]);
  expect(notes("{% for m in messages %}{{ '<|' ~ m.role ~ '|>' }}{% endfor %}")[0]).toMatch(
    /^The chat template writes (<\|\w+\|> \(token \d+\), ){3}which are/,
  );
  expect(notes("{% if x %}{{ '[A]' }}{% endif %}")[0]).toContain("[A] (token");
  // Byte-level vocabularies write other characters for bytes that are not ASCII.
  expect(notes("<｜q｜>{{ messages[0].content }}")[0]).toContain("<｜q｜> (token");
});

test("a mark that is an added token, or is not in the vocabulary, is not named", () => {
  const added = marks.slice(0, 2).map((content, i) => ({ id: size + i, content, special: true }));
  expect(notes(turns("<|q|>"), { added_tokens: added })).toEqual([]);
  expect(notes("{{ messages[0].content }}[INST]<|unheard|>")).toEqual([]);
  expect(notes("{{ messages[0]['content'] }}")).toEqual([]);
});

test("an added token that is not found because of its flags is named too", () => {
  const added = [{ id: size, content: "<|q|>", special: true, single_word: true }];
  expect(notes("{{ messages[0].content }}<|q|>", { added_tokens: added })[0]).toContain("<|q|> (token");
});
