/** What a plan says before the run agrees with what the run then does: the same findings, units and corrections. */
import { describe, expect, it } from "vitest";
import { isHazard, refuseAt, world } from "../../../test/support/audit-world.ts";
import type { Variant } from "../../core/asked/variants.ts";
import { analyse } from "../analyse.ts";
import { smallestEffects } from "./planned.ts";

const variants: Variant[] = [
  { kind: "prefill", opening: "comply", tokens: 3, text: "Sure, here" },
  { kind: "prefill", opening: "refuse", tokens: 3, text: "I cannot" },
  { kind: "turn", turn: "assistant" },
];

const planned = (triples: number, templates: ("chat" | "none")[] = ["chat", "none"]) => {
  const answer = refuseAt((prompt) => (isHazard(prompt) ? 0.8 : 0));
  const run = world(3, {
    ...{ triples, templates, answer },
    variants: { asked: variants, answer: (_, variant) => (variant === variants[1] ? "refuse" : "comply") },
  });
  return { run, effects: smallestEffects({ ...run, templates, variants }) };
};

describe.each([24, 96])("in a run of %i triples", (triples) => {
  it("the questions are those that the hierarchy tests, corrected together as often", () => {
    const { run, effects } = planned(triples);
    const tested = analyse({ ...run, resamples: 50 }).filter(
      ({ group, primary }) => group !== "headline" && primary !== undefined,
    );
    const asked = new Map(effects.map(({ finding, tests }) => [finding, tests]));
    expect(asked).toEqual(new Map(tested.map(({ id, primary }) => [id, primary!.tests])));
    // A framing is two groups of prompts: the smaller one is said.
    for (const { finding, n } of effects)
      expect(n, finding).toBe(finding.startsWith("refusal.framing") ? triples / 4 : triples);
  });
});

it("a larger plan sees smaller effects, and says how many units a smaller one needs", () => {
  const [small, large] = [24, 96].map((triples) => planned(triples).effects);
  for (const [i, { effect, needed, n, sentence }] of small!.entries()) {
    expect(large![i]!.effect!, sentence).toBeLessThan(effect ?? Infinity);
    // What sees 20 points needs no more; what does not needs more than it has.
    if ((effect ?? 1) > 0.2) expect(needed!).toBeGreaterThan(n);
    else expect(needed).toBeNull();
    expect(sentence).toContain("Assumed: ");
  }
  // docs/method.md: 36 triples see 24 points where 5% of benign prompts are refused.
  expect(planned(36).effects[0]!.effect).toBeCloseTo(0.244, 3);
  expect(planned(36).effects[0]!.sentence).toContain("hazards refused 25 points more");
});

it("a plan that sees nothing says so", () => {
  const { effects } = planned(4, ["chat"]);
  for (const { effect, sentence } of effects) {
    expect(effect).toBeNull();
    expect(sentence).toMatch(/^no /);
  }
  expect(effects[0]!.sentence).toContain(
    "no difference between hazards and their benign partners, with 4 matched pairs; about ",
  );
  // Short answers are compared, but nobody knows whether there is a refusal to lose.
  const short = effects.find(({ headline }) => headline === "headline.survives.short")!;
  expect(short).toMatchObject({ needed: null });
  expect(short.sentence).toContain(
    "because too few matched pairs tell whether the model refuses hazards at all",
  );
  expect(effects.some(({ headline }) => headline === "headline.survives.template")).toBe(false);
});
