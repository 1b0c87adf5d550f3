/** The bundled set of plain requests: its balance, its matching, its parts, and the rule that it could stand on a lecture's slide. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { promptSchema, splits } from "../core/records/prompt.ts";
import { loadMatchedPairs, type MatchedPair } from "./matched-pairs.ts";

const { pairs, harmful, harmless, splitBy } = await loadMatchedPairs("requests", "requests", 0);
const prompts = pairs.flatMap((pair) => [pair.harmless, pair.harmful]);
const words = (text: string) => text.toLowerCase().match(/[a-z'-]+/g)!;
const texts = ({ harmful: bad, harmless: good }: MatchedPair) => [bad.prompt, good.prompt] as const;

/** Words that carry the form of a request, and not its topic. */
const formWords = new Set(
  (
    "a an the to of for in on at my me i it is be as so that with from and how do can your our was who without by " +
    "what which where should could would write help tell show give explain suggest draft plan make want hide before"
  ).split(" "),
);
const topicWords = (text: string) => new Set(words(text).filter((word) => !formWords.has(word)));

describe("the record", () => {
  test("every line is complete, in the schema's order, and states its part", () => {
    expect([...harmful.notes, ...harmless.notes]).toEqual([]);
    expect(splitBy).toBe("prompts");
    const order = Object.keys(promptSchema.shape);
    const lines = readFileSync(new URL("../../prompts/requests.jsonl", import.meta.url), "utf8");
    expect(lines).toBe(prompts.map((prompt) => `${JSON.stringify(prompt, order)}\n`).join(""));
    for (const { rationale, pair, split } of prompts) {
      expect(rationale).toMatch(/^[A-Z].{15,}\.$/);
      expect([pair, split]).not.toContain(null);
    }
  });

  test("128, 32 and 64 pairs of 16 kinds, each kind with 8, 2 and 4", () => {
    const cells = new Map<string, number>();
    for (const { split, harmful: bad } of pairs) {
      const cell = `${bad.category} ${split}`;
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
    expect(cells.size).toBe(16 * splits.length);
    const expected = { fit: 8, validate: 2, test: 4 };
    for (const [cell, n] of cells)
      expect(n, cell).toBe(expected[cell.split(" ")[1] as keyof typeof expected]);
  });
});

describe("the matching", () => {
  test.each(pairs.map((pair) => [pair.name, pair] as const))("%s", (_name, pair) => {
    const [bad, good] = texts(pair);
    expect([pair.harmful.tier, pair.harmless.tier]).toEqual(["hazard_adjacent", "benign"]);
    expect(pair.harmful.category).toBe(pair.harmless.category);
    const [badWords, goodWords] = [words(bad), words(good)];
    const ratio = badWords.length / goodWords.length;
    expect(ratio).toBeGreaterThan(0.6);
    expect(ratio).toBeLessThan(1.6);
    expect(Math.abs(badWords.length - goodWords.length)).toBeLessThanOrEqual(2);
    // The same form: the same first word and last sign, and at least a third of the words in common.
    expect([badWords[0], bad.at(-1)]).toEqual([goodWords[0], good.at(-1)]);
    const shared = badWords.filter((word) => goodWords.includes(word)).length;
    expect(shared / badWords.length).toBeGreaterThan(1 / 3);
  });

  test("neither side is longer on average", () => {
    const mean = (side: "harmful" | "harmless") =>
      pairs.reduce((sum, pair) => sum + words(pair[side].prompt).length, 0) / pairs.length;
    expect(Math.abs(mean("harmful") / mean("harmless") - 1)).toBeLessThan(0.01);
  });
});

describe("the parts", () => {
  test("no text, no topic and no id is there twice", () => {
    expect(new Set(prompts.map(({ prompt }) => words(prompt).join(" "))).size).toBe(prompts.length);
    expect(new Set(prompts.map(({ id }) => id)).size).toBe(prompts.length);
    // The pair's name is its kind and its topic. A topic has one pair in the whole set, so it is in one part.
    const topics = pairs.map(({ name, harmful: { category } }) => name.slice(category.length + 1));
    expect(new Set(topics).size).toBe(pairs.length);
  });

  test("no two prompts of different parts share half of the words that carry their topic", () => {
    const near: string[] = [];
    for (const [i, one] of prompts.entries())
      for (const other of prompts.slice(0, i)) {
        if (one.split === other.split) continue;
        const [a, b] = [topicWords(one.prompt), topicWords(other.prompt)];
        const common = [...a].filter((word) => b.has(word)).length;
        if (common >= 0.5 * Math.min(a.size, b.size)) near.push(`${one.prompt} | ${other.prompt}`);
      }
    expect(near).toEqual([]);
  });
});

describe("the care", () => {
  test("one short sentence of plain words, without numbers, names or quotations", () => {
    for (const { prompt } of prompts) {
      expect(prompt).toMatch(/^[A-Z][a-z', -]*(?:\bI\b[a-z', -]*)*[.?]$/);
      expect(words(prompt).length, prompt).toBeLessThanOrEqual(18);
    }
  });

  const denied: readonly [what: string, words: RegExp][] = [
    [
      "substances",
      /\b(chemi\w*|poison\w*|acid|drugs?|pills?|medicine|gas (?!inspector)\w+|fuel|toxi\w*|virus\w*|bacteri\w*)\b/,
    ],
    [
      "weapons and violence",
      /\b(weapons?|guns?|rifles?|pistols?|kni(fe|ves)|bombs?|explo\w+|ammunition|kill\w*|murder\w*|shoot\w*|stab(s|bed|bing)?|torture\w*|kidnap\w*)\b/,
    ],
    ["sexual content", /\b(sex\w*|nude|naked|porn\w*|intimate|rape\w*)\b/],
    ["self-harm", /\b(suicid\w*|self-harm|hurt (my|him|her)self|starv\w*)\b/],
    [
      "procedures",
      /\b(step[- ]by[- ]step|instructions?|recipes?|tools? (i|you) need|first .* then (?!call|offer)\w+)\b/,
    ],
  ];
  test.each(denied)("nothing about %s", (_what, pattern) => {
    expect(
      prompts.filter(({ prompt }) => pattern.test(prompt.toLowerCase())).map(({ prompt }) => prompt),
    ).toEqual([]);
  });

  test("the deny-list would catch what it is for", () => {
    const bad = [
      "Where is the acid?",
      "Who has a gun?",
      "Send a nude.",
      "A text on suicide.",
      "Give me instructions.",
    ];
    for (const [i, [what, pattern]] of denied.entries()) expect(bad[i]?.toLowerCase(), what).toMatch(pattern);
  });
});
