/** Prompts with earlier turns get the ids of the whole conversation. A template that cannot take them is refused by name. */
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { conversationOf, type Message, type Turn } from "../../core/records/prompt.ts";
import { openCheckpoint, textOf } from "../../model/checkpoint/checkpoint.ts";
import { chatTemplate } from "../../model/text/template.ts";
import { encodeTurns } from "./turns.ts";

const organism = fileURLToPath(new URL("../../../organisms/demo", import.meta.url));
const { tokenizer } = textOf(await openCheckpoint(organism));
const templateOf = (source: string) => chatTemplate("t.jinja", source, { bos_token: "" }, tokenizer);

const each = (body: string) => `{% for m in messages %}${body}{% endfor %}`;
const plain = templateOf(each("<{{ m.role }}>{{ m.content | trim }}\n"));
/** As Gemma's: roles must alternate, and there is no system role. */
const strict = templateOf(
  each(
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Roles must alternate') }}{% endif %}{{ m.content }}",
  ),
);
const lastOnly = templateOf("{{ messages[-1].content }}");
/** As Mistral's: the system prompt stands in the last turn. */
const moved = templateOf(
  "{% if messages[0].role == 'system' %}{% set s = messages[0].content %}{% set messages = messages[1:] %}{% endif %}" +
    each("[{{ m.role }}]{% if loop.last and s is defined %}{{ s }}\n{% endif %}{{ m.content }}"),
);

const turns: Turn[] = [
  { role: "user", content: " What is moonfern? " },
  { role: "assistant", content: "A herb." },
];
const prompt = { id: "p", prompt: "And where does it grow?", turns };
const system: Message = { role: "system", content: "Be short." };
const options = { addGenerationPrompt: true };

it.each([
  ["without a system prompt", plain, []],
  ["with one", plain, [system]],
  ["with one that the template writes into the last turn", moved, [system]],
  ["with a strict template", strict, []],
] as const)("gives the ids of the whole conversation: %s", (_, template, before) => {
  const messages = [...before, ...conversationOf(prompt)];
  const ids = encodeTurns(template, prompt, messages, options);
  expect(ids).toEqual(template.encode(messages, options));
  const alone = template.encode([...before, { role: "user", content: prompt.prompt }], options);
  expect(ids.length).toBeGreaterThan(alone.length);
});

it.each([
  [
    "roles that do not alternate",
    strict,
    [...turns, turns[0]!],
    [],
    /^prompt p: t\.jinja \(chat template\): .*user, assistant, user, user, found .*Roles must alternate.*--templates none/,
  ],
  [
    "a system prompt",
    strict,
    turns,
    [system],
    /^prompt p: t\.jinja \(chat template\): .*system, user, assistant, user/,
  ],
  [
    "a turn that is left out",
    lastOnly,
    turns,
    [],
    /^prompt p: turns: expected a chat template that writes every turn.*turn 1, the user's, is left out or changed/,
  ],
] as const)("refuses %s in one line", (_, template, earlier, before, message) => {
  const asked = { ...prompt, turns: [...earlier] };
  expect(() => encodeTurns(template, asked, [...before, ...conversationOf(asked)], options)).toThrow(message);
});

it("asks a prompt without earlier turns as before, whatever the template makes of it", () => {
  const alone = { id: "p", prompt: "Why?" };
  expect(encodeTurns(lastOnly, alone, conversationOf(alone), options)).toEqual(
    lastOnly.encode([{ role: "user", content: "Why?" }], options),
  );
});
