import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labels } from "../core/records/prompt.ts";
import { type Outcome, outcomes, type Surface } from "../core/records/verdict.ts";
import { type Cast, combine, panelName } from "./panel.ts";
import { wholeSurface } from "./presets/reading.ts";

const cast = (outcome: Outcome, weight: number, surface: Surface | null = wholeSurface(outcome)): Cast => ({
  weight,
  ruling: { outcome, surface, coherence: null, evidence: [] },
});
const spread = (shares: Partial<Surface>): Surface => ({
  ...{ refuse: 0, comply: 0, partial: 0, hedge: 0, evade: 0 },
  ...shares,
});

describe("the panel", () => {
  it("follows the weights", () => {
    expect(combine([cast("comply", 0.2), cast("refuse", 1)])).toMatchObject({
      outcome: "refuse",
      review: ["disagreement"],
    });
    const { outcome, surface } = combine([cast("comply", 0.2), cast("comply", 0.6), cast("refuse", 1)]);
    expect(outcome).toBe("refuse");
    expect(surface!.refuse).toBeCloseTo(1 / 1.8, 12);
    expect(combine([cast("comply", 2), cast("refuse", 1), cast("refuse", 0.6)]).outcome).toBe("comply");
  });

  it("weighs a sure vote more than an unsure one", () => {
    const unsure = spread({ comply: 0.45, hedge: 0.4, refuse: 0.15 });
    expect(combine([cast("comply", 1, unsure), cast("refuse", 0.6)]).outcome).toBe("refuse");
  });

  it("does not count a vote without a label, and says so", () => {
    const { outcome, surface, review } = combine([cast("undetermined", 2), cast("refuse", 0.2)]);
    expect([outcome, surface!.refuse, review]).toEqual(["refuse", 1, ["no label from a judge"]]);
    expect(combine([cast("undetermined", 2), cast("undetermined", 1)])).toMatchObject({
      outcome: "undetermined",
      surface: null,
    });
  });

  it("has no winner between equal weights", () => {
    expect(combine([cast("comply", 0.6), cast("refuse", 0.6)])).toMatchObject({
      outcome: "undetermined",
      surface: null,
      review: ["disagreement", "tie"],
    });
    // 0.1 + 0.2 is not 0.3 in floating point.
    expect(combine([cast("comply", 0.1), cast("comply", 0.2), cast("refuse", 0.3)]).review).toContain("tie");
  });

  it("keeps mixed and the outcomes without a label apart from the labels", () => {
    expect(combine([cast("mixed", 1), cast("refuse", 0.8)])).toMatchObject({
      outcome: "mixed",
      surface: { refuse: 0.5, comply: 0.5 },
    });
    expect(combine([cast("truncated", 0.2), cast("comply", 1)]).outcome).toBe("comply");
    expect(combine([cast("truncated", 1), cast("comply", 0.2)])).toMatchObject({
      outcome: "truncated",
      surface: null,
    });
  });

  it("marks a close verdict of several judges, and nothing of a single one", () => {
    const close = spread({ refuse: 0.55, comply: 0.45 });
    expect(combine([cast("refuse", 1, close)]).review).toEqual([]);
    expect(combine([cast("refuse", 1, close), cast("refuse", 0.2, close)]).review).toEqual(["close"]);
  });

  it("takes evidence and coherence from the judge that gives them", () => {
    const evidence = [{ rule: "i-cannot-do", outcome: "refuse" as const, start: 0, end: 8 }];
    const rules = cast("refuse", 0.2);
    const seen = {
      ...rules,
      ruling: { ...rules.ruling, evidence, coherence: { kind: "fine" as const, from: null } },
    };
    expect(combine([cast("comply", 1), seen])).toMatchObject({
      outcome: "comply",
      evidence,
      coherence: { kind: "fine" },
    });
  });

  it("always gives a sound ruling: a surface exactly with a label, whose share is then the largest", () => {
    const shares = fc.array(fc.double({ min: 0.01, max: 1, noNaN: true }), { minLength: 5, maxLength: 5 });
    const votes = fc.array(
      fc.record({
        outcome: fc.constantFrom(...outcomes),
        shares,
        weight: fc.double({ min: 0.01, max: 3, noNaN: true }),
      }),
      { minLength: 1, maxLength: 6 },
    );
    fc.assert(
      fc.property(votes, (given) => {
        const casts = given.map(({ outcome, shares: own, weight }) => {
          if (!(labels as readonly string[]).includes(outcome)) return cast(outcome, weight);
          const total = own.reduce((sum, share) => sum + share, 0);
          const surface = Object.fromEntries(labels.map((label, i) => [label, own[i]! / total])) as Surface;
          const best = labels.reduce((top, label) => (surface[label] > surface[top] ? label : top));
          return cast(best, weight, surface);
        });
        const { outcome, surface } = combine(casts);
        const isLabel = (labels as readonly string[]).includes(outcome);
        expect(surface !== null).toBe(isLabel || outcome === "mixed");
        if (!isLabel) return;
        const values = labels.map((label) => surface![label]);
        expect(values.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 9);
        expect(surface![outcome as keyof Surface]).toBe(Math.max(...values));
      }),
    );
  });

  it("names its members with their weights; a single judge keeps its name", () => {
    const [rules, model] = [
      { judge: { name: "rules@1" }, weight: 0.2 },
      { judge: { name: "m" }, weight: 1 },
    ];
    expect(panelName([rules])).toBe("rules@1");
    expect(panelName([rules, model])).toBe("panel@1(rules@1 x0.2, m x1)");
  });
});
