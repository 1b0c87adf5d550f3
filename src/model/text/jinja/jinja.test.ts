/**
 * Compares templates with jinja2 as Transformers sets it up (oracle/template_fixtures.py), and runs hostile templates.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Message } from "../../../core/records/prompt.ts";
import { TemplateProblem } from "./budget.ts";
import { Template } from "./jinja.ts";
import { Text } from "./marked-text.ts";

const fixtures = join(import.meta.dirname, "../../../../test/fixtures/templates");
const read = (name: string): unknown => JSON.parse(readFileSync(join(fixtures, name), "utf8"));

const { messages, snippets } = read("snippets.json") as {
  messages: Message[];
  snippets: { template: string; text?: string; refused?: true }[];
};
const { chats, templates } = read("chats.json") as {
  chats: Message[][];
  templates: {
    name: string;
    template: string;
    special: Record<string, string>;
    rows: (string | { refused: string })[];
  }[];
};

function render(source: string, variables: Parameters<Template["render"]>[0] = {}): string {
  return new Template(source).render(variables).value;
}

describe("a feature of Jinja", () => {
  test.each(snippets)("$template", ({ template, text }) => {
    const variables = { messages, add_generation_prompt: true };
    if (text === undefined) expect(() => render(template, variables)).toThrow(TemplateProblem);
    else expect(render(template, variables)).toBe(text);
  });
});

describe.each(templates)("the template: $name", ({ template, special, rows }) => {
  const parsed = new Template(template);
  test.each(rows.map((row, i) => ({ row, chat: chats[i >> 1]!, generation: i % 2 === 0 })))(
    "$chat, generation prompt $generation",
    ({ row, chat, generation }) => {
      const write = () =>
        parsed.render({
          ...special,
          messages: chat.map(({ role, content }) => ({ role, content: Text.foreign(content) })),
          add_generation_prompt: generation,
          tools: null,
          documents: null,
        });
      if (typeof row === "string") expect(write().value).toBe(row);
      else expect(write).toThrow(row.refused);
    },
  );
});

describe("texts that a template makes from a message keep their origin", () => {
  const made = (source: string, ...contents: string[]) => {
    const { value, foreign } = new Template(source).render({ c: contents.map((one) => Text.foreign(one)) });
    return foreign.map(([start, end]) => value.slice(start, end));
  };
  test.each([
    ["<{{ c[0] | trim }}>", ["  a b \n"], ["a b"]],
    ["<{{ c[0].split('|')[1] }}>{{ c[0][:2] }}", ["aé|b"], ["b", "aé"]],
    ["{{ c[0] | upper | lower }}|{{ c[0] | replace('x', 'y') }}", ["Ax"], ["ax", "A"]],
    ["{{ '[' + c[0] + ']' + c[1] }}", ["a", "b"], ["a", "b"]],
    ["{{ c | join(', ') }}{{ c | join }}", ["a", "b"], ["a", "bab"]],
    [
      "{% set ns = namespace(t='') %}{% for x in c %}{% set ns.t = ns.t ~ '-' ~ x %}{% endfor %}{{ ns.t }}",
      ["a", "b"],
      ["a", "b"],
    ],
    ["{% macro m(x) %}({{ x }}){% endmacro %}{{ m(c[0]) | indent(2) }}", ["a"], ["a"]],
    ["{% set t %}<{{ c[0] }}>{% endset %}{% filter title %}{{ t }}{% endfilter %}", ["abc"], ["Abc"]],
    ["{{ {'k': c[0]} | tojson }}", ['a"b'], ['a\\"b']],
    ["{{ c }}", ["a'"], ["a'"]],
    ["{{ c[0] | list | reverse | join }}{{ c[0] | reverse }}", ["ab"], ["baba"]],
    ["{{ 'secret' if 'a' in c[0] else c[0] }}", ["a"], []],
    ["{{ c[0] * 2 ~ '.' ~ c[0] | length }}", ["a"], ["aa"]],
  ])("%s", (source, contents, expected) => {
    expect(made(source, ...contents)).toEqual(expected);
  });

  test("a character is foreign exactly when it came from a message", () => {
    // The template's own text has digits, the message has letters. No filter turns one into the other.
    const step = fc.constantFrom(
      "| trim",
      "| upper",
      "| lower",
      "| replace('a', '1')",
      "| replace('1', '2')",
      "| indent(1)",
      "| title",
      "| reverse",
      "~ '3'",
      "| string",
      "| list | join('4')",
      "| list | sort | join",
    );
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "B", "ñ", "𝒳", " ", "\n") }),
        fc.array(step),
        (content, steps) => {
          const { value, foreign } = new Template(
            `{{ '5' ~ c ${steps.map((one) => `${one} `).join("")}}}`,
          ).render({
            c: Text.foreign(content),
          });
          let at = 0;
          for (const character of value) {
            const inside = foreign.some(([start, end]) => start <= at && at < end);
            if (/\p{L}/u.test(character)) expect(inside).toBe(true);
            if (/\p{N}/u.test(character)) expect(inside).toBe(false);
            at += character.length;
          }
        },
      ),
    );
  });
});

describe("a hostile template ends soon, with one clear line", () => {
  const many = "{% set ns = namespace(s='ab', l=[1]) %}{% for i in range(60) %}";
  test.each([
    ["{% for i in range(10 ** 9) %}x{% endfor %}", /a range of 1000000000/],
    [
      "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
      /work without an end/,
    ],
    [
      "{% for i in range(1000) %}{% for j in range(1000) %}{% for k in range(1000) %}.{% endfor %}{% endfor %}{% endfor %}",
      /without an end/,
    ],
    [`${many}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s }}`, /a text without an end/],
    [`${many}{% set ns.s = ns.s | replace('a', ns.s) %}{% endfor %}`, /without an end/],
    [`${many}{% set ns.s = [ns.s, ns.s] | join(ns.s) %}{% endfor %}`, /a text without an end/],
    [`${many}{% set ns.s = (ns.s ~ ns.s) | upper | title %}{% endfor %}`, /a text without an end/],
    [`${many}{% set ns.l = ns.l + ns.l %}{% endfor %}`, /work without an end/],
    [`${many}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}`, /without an end/],
    [`${many}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | tojson }}`, /without an end/],
    [
      `${many}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l == [ns.l[0], ns.l[0]] }}{{ ns.l in ns.l }}`,
      /work without an end/,
    ],
    ["{{ 'a' * 10 ** 9 }}", /without an end/],
    ["{{ [1] * 10 ** 9 }}", /work without an end/],
    ["{{ 'a' | indent(10 ** 9, true) }}", /a text without an end/],
    ["{{ {'a': [1]} | tojson(indent=10 ** 9) }}", /without an end|an indent/],
    ["{{ 'a'.join('b' * 10 ** 7) | list | length }}", /without an end/],
    ["{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", /a recursion without an end/],
    ["{% macro m(n) %}{{ m(n + 1) ~ m(n + 2) }}{% endmacro %}{{ m(0) }}", /without an end/],
    ["{% macro a() %}{% call a() %}{% endcall %}{% endmacro %}{{ a() }}", /without an end/],
    ["{{ ''.__class__.__mro__ }}", /"__class__" is out of a template's reach/],
    ["{{ messages.__init__.__globals__ }}", /is undefined/],
    ["{{ range.__globals__.os }}", /"__globals__" is out of a template's reach/],
    ["{{ namespace.constructor('return process')() }}", /a call of undefined/],
    ["{{ [].constructor.constructor('x')() }}", /has no 'constructor'/],
    ["{{ {}.__proto__.polluted }}", /out of a template's reach/],
    ["{% set ns = namespace() %}{% set ns.__proto__ = 1 %}", /out of a template's reach/],
    ["{% include 'x' %}", /a block "include", which Fathom does not know in line 1/],
    ["\n{% import 'os' as os %}", /a block "import", which Fathom does not know in line 2/],
    ["{{ 1 | format }}", /the filter "format", which Fathom does not know/],
    [`{{ ${"(".repeat(5000)}1${")".repeat(5000)} }}`, /levels of nesting/],
    [`{{ ${"-".repeat(50_000)}1 }}`, /levels of nesting/],
    [`{{ ${"not ".repeat(50_000)}1 }}`, /levels of nesting/],
    [`{{ 1${" + 1".repeat(50_000)} }}`, /without an end|nesting/],
    [`{{ x${".a".repeat(50_000)} }}`, /without an end|is undefined/],
    [`${"{% if 1 %}".repeat(5000)}${"{% endif %}".repeat(5000)}`, /levels of nesting/],
    [`{{ "${"\\".repeat(99_999)} }}`, /unexpected/],
    [`{#${" -".repeat(100_000)}`, /a comment without an end/],
    ["x".repeat(1_000_001), /1000001 characters/],
  ] as const)("%#", (source, message) => {
    const start = performance.now();
    expect(() => render(source)).toThrow(message);
    expect(performance.now() - start).toBeLessThan(5000);
  });

  test("a template cannot reach JavaScript's prototypes", () => {
    const names = Object.getOwnPropertyNames(Object.prototype).concat("prototype", "globalThis", "process");
    for (const name of names) {
      const reads = [
        name,
        `d.${name}`,
        `d['${name}']`,
        `''.${name}`,
        `[].${name}`,
        `ns.${name}`,
        `range.${name}`,
      ];
      for (const read of reads) expect(render(`{{ ${read} }}`, { d: {}, ns: {} })).toBe("");
      expect(() => render(`{{ 1 | ${name} }}`)).toThrow(/which Fathom does not know/);
      expect(() => render(`{{ 1 is ${name} }}`)).toThrow(/which Fathom does not know/);
    }
  });

  test("any text is a template or is refused, and every template ends", () => {
    const piece = fc.oneof(
      fc.constantFrom(
        "{{",
        "}}",
        "{%",
        "%}",
        "{#",
        "#}",
        "-",
        "+",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "|",
        ".",
        ",",
        ":",
      ),
      fc.constantFrom(
        "if ",
        "else ",
        "elif ",
        "endif ",
        "for ",
        "in ",
        "endfor ",
        "set ",
        "endset ",
        "macro ",
        "not ",
      ),
      fc.constantFrom(
        "endmacro ",
        "call ",
        "filter ",
        "is ",
        "raw ",
        "endraw ",
        "range(9)",
        "messages",
        "m",
        "'a'",
        "1",
        "=",
      ),
      fc.constantFrom(
        "* ",
        "** ",
        "~ ",
        "// ",
        "== ",
        "< ",
        "upper ",
        "join ",
        "tojson ",
        "defined ",
        "loop",
        "\n",
        "\\",
        '"',
      ),
      fc.string({ maxLength: 4 }),
    );
    let rendered = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        try {
          render(pieces.join(""), { messages });
          rendered++;
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateProblem);
        }
      }),
      { numRuns: 3000 },
    );
    expect(rendered).toBeGreaterThan(0);
  });

  test("a published template with a moved piece is refused, or ends", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...templates),
        fc.nat(),
        fc.nat(40),
        fc.nat(),
        ({ template, special }, at, length, to) => {
          const from = at % template.length;
          const cut = template.slice(from, from + length);
          const rest = template.slice(0, from) + template.slice(from + length);
          const place = to % (rest.length + 1);
          const mutated = rest.slice(0, place) + cut + rest.slice(place);
          try {
            render(mutated, { ...special, messages, add_generation_prompt: true, tools: null });
          } catch (error) {
            expect(error).toBeInstanceOf(TemplateProblem);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});
