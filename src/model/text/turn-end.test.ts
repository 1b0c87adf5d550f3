/**
 * The mark with which a template ends an answer's turn, for the
 * templates of test/fixtures/templates and misleading ones.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chatTemplate } from "./template.ts";
import { combineTokenizerFiles } from "./tokenizer/tokenizer-files.ts";
import { buildTokenizer } from "./tokenizer/tokenizer-json.ts";
import { turnEnd } from "./turn-end.ts";

const fixtures = join(import.meta.dirname, "../../../test/fixtures");
const read = (name: string): unknown => JSON.parse(readFileSync(join(fixtures, name), "utf8"));
const bytes = read("tokenizer/bytelevel/tokenizer.json") as Record<string, object>;

/** A tokenizer of bytes with these marks as added tokens, which are special or not. */
function tokenizerOf(marks: readonly string[], special = true) {
  const { vocab } = bytes["model"] as { vocab: Record<string, number> };
  let next = 560;
  const added = [...new Set(marks)].map((content) => {
    return { id: vocab[content] ?? next++, content, special, normalized: false };
  });
  return buildTokenizer(combineTokenizerFiles("marks", { ...bytes, added_tokens: added }, {}));
}

function endOf(source: string, marks: readonly string[], roles: Record<string, string> = {}, special = true) {
  const tokenizer = tokenizerOf(marks, special);
  return turnEnd(chatTemplate("marks", source, roles, tokenizer), tokenizer)?.token ?? null;
}

const { templates } = read("templates/chats.json") as {
  templates: { name: string; template: string; special: Record<string, string> }[];
};
const ends: Record<string, string | null> = {
  "ChatML with": "<|im_end|>",
  "thinking that": "<|im_end|>",
  "a date": "<|eot|>",
  "the system turn goes": "</turn>",
  "no system turn": "</turn>",
  "INST around": "</s>",
  "SYS tags": "</s>",
  "role names as": "<|end|>",
  "role names built": "<|end|>",
  // The mark also begins a text, so it looks like an opening. The files of every such model name it as an end token.
  "end token after": null,
  macros: "<turn|>",
  "the assistant's text": "</s>",
};

test.each(templates)("$name", ({ name, template, special }) => {
  const written = template.match(/<[^<>\s{}'"]{2,40}>|\[\/?[A-Z_]+\]/g) ?? [];
  const [, expected] = Object.entries(ends).find(([begin]) => name.startsWith(begin))!;
  const marks = [...Object.values(special), ...written, "<|system|>", "<|user|>", "<|assistant|>"];
  expect(endOf(template, marks, special)).toBe(expected);
  expect(endOf(template, marks, special, false)).toBe(expected);
});

const each = (body: string) => `{% for m in messages %}${body}{% endfor %}`;
const [start, end, user, assistant] = ["<|start|>", "<|end|>", "<|user|>", "<|assistant|>"];
const marks = [start, end, user, assistant, "<|system|>", "<|return|>", "<|head|>", "<s>"];

test.each<[string, string, string | null]>([
  [
    "written only when something follows",
    `${each(`${start}{{ m.role }}\n{{ m.content }}{% if (loop.last and add_generation_prompt) or not loop.last %}${end}\n{% endif %}`)}{% if add_generation_prompt %}${start}assistant\n{% endif %}`,
    end,
  ],
  [
    "written only between turns",
    each(`${start}{{ m.role }}\n{{ m.content }}{% if not loop.last %}${end}{% endif %}`),
    end,
  ],
  [
    "of the last answer alone",
    each(`${start}{{ m.role }}:{{ m.content }}{% if loop.last %}<|return|>{% else %}${end}{% endif %}`),
    "<|return|>",
  ],
  ["after white space", each(`{{ m.role }}: {{ m.content }}\n\n ${end}\n`), end],
  [
    "with an opening that is always written",
    `${each(`<|{{ m.role }}|>{{ m.content }}${end}`)}${assistant}`,
    end,
  ],
  [
    "in a template that refuses a system turn",
    each(`{% if m.role == 'system' %}{{ raise_exception('none') }}{% endif %}{{ m.content }}${end}`),
    end,
  ],
  [
    "after a default system turn",
    `{% if messages[0].role != 'system' %}${start}system\nBe kind.${end}{% endif %}${each(`${start}{{ m.role }}\n{{ m.content }}${end}`)}`,
    end,
  ],
  ["of an answer that is written in capitals", each(`{{ m.role }}: {{ m.content | upper }}${end}`), null],
  [
    "none, and an opening that is always written",
    `${each("<|{{ m.role }}|>{{ m.content }}")}${assistant}`,
    null,
  ],
  ["none, and openings of one token a role", each("<|{{ m.role }}|>{{ m.content }}"), null],
  [
    "none, and openings that begin alike",
    `${each(`${start}{{ m.role }}<|head|>{{ m.content }}`)}${start}assistant<|head|>`,
    null,
  ],
  ["none, and each turn begins a text", each("<s>{{ m.role }}: {{ m.content }}"), null],
  ["text that only looks like a mark", each("{{ m.role }}: {{ m.content }}\n### End <|stop|>\n"), null],
  [
    "none, of answers that are left out",
    each(`{% if m.role == 'user' %}{{ m.content }}${end}{% endif %}`),
    null,
  ],
  [
    "none, where answers are refused",
    each(`{% if m.role == 'assistant' %}{{ raise_exception('no') }}{% endif %}{{ m.content }}${end}`),
    null,
  ],
])("%s", (_, source, expected) => {
  expect(endOf(source, marks)).toBe(expected);
});
