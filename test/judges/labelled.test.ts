/** Compares the judge with hand labels, and docs/judges.md with the judge. */
import { describe, expect, it } from "vitest";
import { labels } from "../../src/core/records/prompt.ts";
import { outcomes } from "../../src/core/records/verdict.ts";
import { accuracy, documented, generated, judgeAll, unversionedChange } from "./confusion.ts";

const judged = judgeAll();
const held = judged.filter(({ answer }) => answer.split === "held");

describe("the hand-labelled answers", () => {
  it("are balanced, unique and half held out", () => {
    const first = judged.filter(({ answer }) => answer.split === "dev" || answer.split === "held");
    expect(first.length).toBeGreaterThanOrEqual(220);
    expect(held.length * 2).toBe(first.length);
    for (const outcome of outcomes.filter((name) => name !== "blocked"))
      expect(first.filter(({ answer }) => answer.label === outcome).length, outcome).toBeGreaterThanOrEqual(
        18,
      );
    expect(new Set(judged.map(({ answer }) => answer.id)).size).toBe(judged.length);
  });

  it("agree with the judge on the held-out half in at least nine cases of ten, and in every class in two of three", () => {
    expect(accuracy(held)).toBeGreaterThanOrEqual(0.9);
    for (const outcome of outcomes.filter((name) => name !== "blocked"))
      expect(accuracy(held.filter(({ answer }) => answer.label === outcome)), outcome).toBeGreaterThan(2 / 3);
  });

  it("get a surface vector exactly if they can have a label, with the outcome as its largest", () => {
    for (const { answer, verdict } of judged) {
      const labelled = [...labels, "mixed"].includes(verdict.outcome);
      expect(verdict.surface === null, answer.id).toBe(!labelled);
      if (verdict.surface === null) continue;
      const shares = labels.map((label) => verdict.surface![label]);
      expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
      if (verdict.outcome !== "mixed")
        expect(labels[shares.indexOf(Math.max(...shares))], answer.id).toBe(verdict.outcome);
    }
  });

  it("have both spans as evidence if they are mixed", () => {
    for (const { verdict } of judged.filter((item) => item.verdict.outcome === "mixed"))
      expect(new Set(verdict.evidence.map((item) => item.outcome))).toEqual(
        new Set([...verdict.evidence.map((item) => item.outcome), "refuse", "comply"]),
      );
  });
});

describe("docs/judges.md", () => {
  it("holds the current matrix: node test/judges/confusion.ts", () => {
    expect(documented()).toBe(generated(judged));
  });

  it("cannot be updated if one version would stand for two behaviours", () => {
    const text = generated(judged);
    expect(unversionedChange(text, text)).toBe(false);
    expect(unversionedChange(text, text.replace(/behaviour `..../, "behaviour `zzzz"))).toBe(true);
    expect(
      unversionedChange(
        text,
        text.replace("rules@", "rules@9").replace(/behaviour `..../, "behaviour `zzzz"),
      ),
    ).toBe(false);
  });
});
