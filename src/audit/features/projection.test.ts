import { describe, expect, it } from "vitest";
import { type Random, random } from "../../core/random.ts";
import type { CategoryDefinition } from "../../core/records/category.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import type { Outcome } from "../../core/records/verdict.ts";
import type { Activated } from "./categories.ts";
import { balancedAccuracy, fitProjection, measureProjection, projected } from "./projection.ts";

const size = { features: 20, least_effect: 0.1 };
const hazard: CategoryDefinition = {
  name: "hazard",
  has: { tier: ["hazard_adjacent"] },
  lacks: { tier: ["benign"] },
  ...size,
};
const refusal: CategoryDefinition = {
  name: "refusal",
  has: { outcome: ["refuse"] },
  lacks: { outcome: ["comply"] },
  ...size,
};
const categories = [hazard, refusal];

interface Plan {
  d?: number;
  prompts: number;
  samples?: number;
  isHazard: (i: number) => boolean;
  refuses: (i: number, r: Random) => boolean;
  /** Raises some features in a row of noise. */
  light?: (row: Float32Array, hazard: boolean, refuses: boolean) => void;
}

/** Answers whose truth is known. Prompts of the same name in two calls are different prompts. */
function made(name: string, { d = 40, prompts, samples = 1, isHazard, refuses, light }: Plan): Activated[] {
  const r = random(name);
  return Array.from({ length: prompts }, (_, i) => {
    const prompt = { id: `${name} ${i}`, pair: null, panel: "main", framing: "direct" };
    const tier = isHazard(i) ? "hazard_adjacent" : "benign";
    return Array.from({ length: samples }, () => {
      const outcome: Outcome = refuses(i, r) ? "refuse" : "comply";
      const activations = Float32Array.from({ length: d }, () => Math.abs(r.normal()));
      light?.(activations, isHazard(i), outcome === "refuse");
      return {
        answer: { prompt: { ...prompt, tier } as Prompt, verdict: { outcome } } as Activated["answer"],
        activations,
      };
    });
  }).flat();
}

const every = (k: number) => (i: number) => i % k === 0;
const coin = (_: number, r: Random) => r.uniform() < 0.5;
const planted = (row: Float32Array, isHazard: boolean, refuses: boolean) => {
  if (isHazard) row[3]! += 3;
  if (refuses) row[7]! += 3;
};
const measure = (seed: number, plan: Plan) =>
  measureProjection(made(`fit ${seed}`, plan), made(`held ${seed}`, plan), categories, random(seed));
/** Share of the shuffles that do at least as well: the p value before 1 is added to both counts. */
const asGood = ({ hits, dealt }: ReturnType<typeof measure>["held_out"][number]) =>
  dealt.filter((value) => value >= balancedAccuracy(hits)).length / dealt.length;

describe("the learned projection", () => {
  it("learns what is planted: right on prompts that it was not fitted on, with its weights on the planted features", () => {
    const plan = { prompts: 60, isHazard: every(2), refuses: coin, light: planted };
    const { projection, held_out } = measure(1, plan);
    for (const [column, feature] of [
      [0, 3],
      [1, 7],
    ] as const) {
      const { weights } = projection.columns[column]!;
      const heaviest = weights.indexOf(Math.max(...weights));
      expect(projection.features[heaviest]).toBe(feature);
      expect(balancedAccuracy(held_out[column]!.hits)).toBeGreaterThan(0.9);
      expect(asGood(held_out[column]!)).toBe(0);
    }
    // Each column follows its own contrast only: feature 3 rises with hazards, feature 7 with refusals.
    const at = (index: number) => {
      const row = Float32Array.from({ length: 40 }, () => 0.8);
      row[index]! += 3;
      return projected(projection, row);
    };
    expect(at(3)[0]).toBeGreaterThan(at(7)[0]!);
    expect(at(7)[1]).toBeGreaterThan(at(3)[1]!);
  });

  it("reports that nothing was learned from noise, also with far more features than prompts", () => {
    const plan = { d: 300, prompts: 24, isHazard: every(2), refuses: coin };
    const answers = made("fit 0", plan);
    const fitted = fitProjection(answers, categories);
    const separated = answers.filter(
      (one) => projected(fitted, one.activations)[0]! > 0 === (one.answer.prompt.tier === "hazard_adjacent"),
    );
    // It looks perfect on the answers that it was fitted on. So that accuracy is never reported.
    expect(separated).toHaveLength(answers.length);

    const seeds = Array.from({ length: 12 }, (_, seed) => measure(seed, plan).held_out[0]!);
    const mean = seeds.reduce((sum, { hits }) => sum + balancedAccuracy(hits), 0) / seeds.length;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.1);
    expect(seeds.filter((one) => asGood(one) < 0.05).length).toBeLessThanOrEqual(2);
  });

  it("does not look better because classes are unequal, and learns the small one", () => {
    const plan = { prompts: 66, isHazard: every(11), refuses: coin };
    const noise = measure(3, plan).held_out[0]!;
    const accuracy = noise.hits.filter(({ share }) => share === 1).length / noise.hits.length;
    // Answering "benign" to everything is right for 91%. The balanced accuracy of that is a half.
    expect(accuracy).toBeGreaterThan(0.7);
    expect(balancedAccuracy(noise.hits)).toBeLessThan(0.7);
    expect(asGood(noise)).toBeGreaterThan(0.05);
    const learned = measure(3, { ...plan, light: planted }).held_out[0]!;
    expect(balancedAccuracy(learned.hits)).toBeGreaterThan(0.8);
    expect(asGood(learned)).toBeLessThan(0.01);
  });

  it("has no column for a category with a side missing, and does not change the others", () => {
    const plan = { prompts: 40, isHazard: every(2), refuses: () => false, light: planted };
    const { projection, held_out } = measure(4, plan);
    expect(projection.columns.map(({ category }) => category.name)).toEqual(["hazard"]);
    expect(held_out.map(({ category }) => category.name)).toEqual(["hazard"]);
    expect(asGood(held_out[0]!)).toBe(0);
  });

  it("weighs prompts, not samples: the same answers given three times make the same map", () => {
    const once = made("s", { prompts: 20, isHazard: every(2), refuses: every(3), light: planted });
    const thrice = once.flatMap((one) => [one, one, one]);
    const [a, b] = [once, thrice].map((answers) => fitProjection(answers, categories));
    expect(b!.features).toEqual(a!.features);
    a!.columns.forEach(({ weights, bias }, c) => {
      weights.forEach((weight, j) => expect(b!.columns[c]!.weights[j]).toBeCloseTo(weight, 2));
      expect(b!.columns[c]!.bias).toBeCloseTo(bias, 2);
    });
  });

  it("is the same every time, and does not depend on the answers that it is judged on", () => {
    const plan = { prompts: 30, isHazard: every(2), refuses: coin, light: planted };
    const first = measure(5, plan);
    expect(measure(5, plan)).toEqual(first);
    const elsewhere = measureProjection(
      made("fit 5", plan),
      made("other", { ...plan, d: 40 }),
      categories,
      random(5),
    );
    expect(elsewhere.projection).toEqual(first.projection);
    expect(elsewhere.held_out[0]!.hits).not.toEqual(first.held_out[0]!.hits);
  });
});
