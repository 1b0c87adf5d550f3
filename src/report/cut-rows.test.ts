import { expect, it } from "vitest";
import { syntheticReport } from "../../test/support/synthetic-report.ts";
import { cutRows } from "./cut-rows.ts";

const { rows } = syntheticReport({ prompts: 60, hostile: "🌿🌿🌿 é" });
const bytesOf = (texts: readonly string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
const wordsOf = (all: Iterable<{ text: string | null; printable: string | null }>) =>
  [...all].map(({ text, printable }) => text ?? printable ?? "");

it("cuts all answers to the same length, as long as there is room, and never through a character", () => {
  const whole = wordsOf(rows);
  for (const answers of [1, 500, 3000, 9001]) {
    const { searched, digests } = cutRows(rows, { prompts: 1e6, answers });
    const words = wordsOf(digests);
    expect(words.every((text, i) => whole[i]!.startsWith(text) && !/[\ud800-\udbff]$/.test(text))).toBe(true);
    expect(Math.max(...words.map(({ length }) => length))).toBeLessThanOrEqual(searched.answer);
    expect(bytesOf(words)).toBeLessThanOrEqual(answers);
    expect(bytesOf(whole.map((text) => text.slice(0, searched.answer + 1)))).toBeGreaterThan(answers);
  }
});

it("cuts prompts with a sign, and nothing if there is room for all", () => {
  const { digests } = cutRows(rows, { prompts: 1200, answers: 1e6 });
  const cut = [...digests];
  expect(wordsOf(cut)).toEqual(wordsOf(rows));
  for (const [i, { prompt }] of cut.entries()) {
    expect(prompt).toMatch(/…$/);
    expect(rows[i]!.prompt.startsWith(prompt.slice(0, -1))).toBe(true);
  }
  const roomy = [...cutRows(rows).digests];
  expect(roomy.map(({ prompt, turns }) => ({ prompt, turns }))).toEqual(
    rows.map(({ prompt, turns }) => ({ prompt, turns })),
  );
});
