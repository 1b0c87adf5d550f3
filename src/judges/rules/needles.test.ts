import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { needlesOf, symbols } from "./needles.ts";
import { phraseRules } from "./phrases.ts";
import { sieveOf } from "./sieve.ts";
import { read } from "./text.ts";

const { edge, start, end } = symbols;

describe("needlesOf", () => {
  it.each([
    [/because/, [["because"]]],
    [/^because\b/, [[`${start}${edge}because${edge}`]]],
    [/\bno\b/, [[`${edge}no${edge}`]]],
    [/can't [sz]ay/, [[`can${edge}'${edge}t${edge} ${edge}say`, `can${edge}'${edge}t${edge} ${edge}zay`]]],
    [
      /i (?:am|do)(?! be)n't$/,
      [
        [
          `i${edge} ${edge}amn${edge}'${edge}t${edge}${end}`,
          `i${edge} ${edge}don${edge}'${edge}t${edge}${end}`,
        ],
      ],
    ],
    [/a(?: \w+){0,3} stereotype/, [[` ${edge}stereotype`], ["a"]]],
    [/colou?r/, [["color", "colour"]]],
    [/(?:very ){0,2}sorry/, [["sorry"]]],
    [
      /^.{0,9}\b(?:you|we)\b.*\b(?:asked|wonder).*\?$/,
      [
        [`${edge}asked`, `${edge}wonder`],
        [`${edge}we${edge}`, `${edge}you${edge}`],
      ],
    ],
    [/not.*here|hardly/, [["here", "hardly"]]],
    [/x*/, []],
    [/[^.]{3}|certainly/, []],
    [/\d+\b/, []],
  ])("%s", (pattern, needles) => {
    expect(needlesOf(pattern)).toEqual(needles);
  });

  it("cuts a long needle, and leaves out one that holds another", () => {
    expect(needlesOf(/thankyouverymuchindeed/)).toEqual([["thankyouverymuch"]]);
    expect(needlesOf(/cannot help|cannot/)).toEqual([["cannot"]]);
  });

  it.each([/a(?<name>b)/, new RegExp("a\\1"), /a(b)/, /a/i, /(?<=a)b/])(
    "refuses syntax that it does not know: %s",
    (pattern) => {
      expect(() => needlesOf(pattern)).toThrow("needles: ");
    },
  );
});

describe("a sieve", () => {
  const patterns = phraseRules.map(({ pattern }) => pattern);
  const possible = sieveOf(patterns);
  const missed = (text: string) => {
    const kept = new Set(possible(text));
    return phraseRules.filter(({ pattern }, i) => pattern.test(text) && !kept.has(i)).map(({ name }) => name);
  };
  const labelled = z.object({ text: z.string() });
  const sentences = ["answers", "later"].flatMap((name) =>
    readFileSync(new URL(`../../../test/fixtures/judges/${name}.jsonl`, import.meta.url), "utf8")
      .trim()
      .split("\n")
      .flatMap((line) =>
        read(labelled.parse(JSON.parse(line)).text, false, null).segments.map(({ voice }) => voice),
      ),
  );

  it("lets every rule through that matches a sentence of our own answers, and few others", () => {
    for (const sentence of sentences) expect(missed(sentence), sentence).toEqual([]);
    const kept = sentences.reduce((sum, sentence) => sum + possible(sentence).length, 0);
    expect(kept / sentences.length / patterns.length).toBeLessThan(0.1);
  });

  it("does so for any text of the patterns' own words", () => {
    const words = [
      ...new Set(patterns.flatMap(({ source }) => source.match(/[a-z]+|[^a-z\\]/g) ?? [])),
      " ",
      "é",
      "·",
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...words), { maxLength: 12 }),
        fc.constantFrom("", " "),
        (list, gap) => {
          expect(missed(list.join(gap))).toEqual([]);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
