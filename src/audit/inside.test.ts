/** Each analysis of the inside view, on runs whose truth is known. */
import { describe, expect, it } from "vitest";
import {
  byId,
  d_sae,
  honest,
  isHazard,
  made,
  noise,
  refuseAt,
  viewOf,
  world,
} from "../../test/support/audit-world.ts";
import { type Random, random } from "../core/random.ts";
import type { CategoryDefinition } from "../core/records/category.ts";
import { findingSchema } from "../core/records/finding.ts";
import type { Prompt } from "../core/records/prompt.ts";
import type { Outcome } from "../core/records/verdict.ts";
import { analyse, analysis } from "./analyse.ts";
import type { GivenSae } from "./common/answers.ts";

describe("categories as data", () => {
  const answer = refuseAt((prompt) => (isHazard(prompt) ? 0.8 : 0.2));
  const size = { features: 3, least_effect: 0.5 };
  const categories: CategoryDefinition[] = [
    { name: "roleplay", has: { framing: ["roleplay"] }, lacks: { framing: ["direct"] }, ...size },
    { name: "refusal_circuitry", has: { outcome: ["refuse"] }, lacks: { outcome: ["comply"] }, ...size },
  ];
  const input = world(41, {
    answer,
    features: (prompt, outcome, r) => {
      const row = noise(r);
      if (prompt.framing === "roleplay") row[20]! += 4;
      if (outcome === "refuse") row[30]! += 4;
      return row;
    },
  });

  it("makes f, the catalog and T from the given categories, in their order and with their sizes", () => {
    const { insides, findings } = analysis({ ...input, categories });
    const { categories: chosen, scores, catalog } = insides[0]!;
    expect(chosen.map(({ name }) => name)).toEqual(["roleplay", "refusal_circuitry"]);
    expect(chosen.map(({ features }) => features[0])).toEqual([20, 30]);
    for (const { features } of catalog!.categories) {
      expect(features.length).toBeLessThanOrEqual(3);
      for (const { d } of features) expect(d).toBeGreaterThanOrEqual(0.5);
    }
    expect(catalog!.categories[0]!.contrast).toBe("roleplay-framed prompts against direct-framed prompts");
    expect(scores.every(({ f }) => f.length === 2)).toBe(true);
    const permuted = findings.find(({ id }) => id === "divergence.permutation")!;
    expect(permuted.estimate).toBeLessThan(permuted.control.interval![0]);
  });

  it("says which flags cannot be measured, and measures the one whose category is there", () => {
    const finding = byId({ ...input, categories });
    for (const [flag, category] of [
      ["hazard_features_active_despite_refusal", "hazard_adjacent"],
      ["deception_correlate_active", "deception_correlate"],
    ])
      expect(finding(`flags.${flag}`)).toMatchObject({
        status: "undetermined",
        estimate: null,
        sentence: `not measured: this run has no category ${category}.`,
      });
    expect(finding("flags.refusal_features_active_despite_compliance").estimate).not.toBeNull();
  });
});

describe("the learned projection in a report", () => {
  const answer = refuseAt((prompt) => (isHazard(prompt) ? 0.8 : 0.2));
  const lit = (prompt: Prompt, outcome: Outcome, r: Random) => {
    const row = noise(r);
    if (isHazard(prompt)) row[5]! += 3;
    if (outcome === "refuse") row[0]! += 3;
    if (prompt.panel === "main") row[10]! += 3;
    return row;
  };

  it("is there if the plan asks for it, and does not change D", () => {
    const input = world(51, { answer, features: lit, triples: 40 });
    const without = analyse(input);
    const { findings, insides } = analysis({ ...input, projection: true });
    const { catalog } = insides[0]!;
    const own = findings.filter(({ group }) => group === "projection");
    expect(findings.filter(({ group }) => group !== "projection")).toEqual(without);
    expect(own.map(({ id }) => id)).toEqual([
      "projection.accuracy",
      "projection.accuracy.bio_content",
      "projection.accuracy.hazard_adjacent",
      "projection.accuracy.refusal_circuitry",
      "projection.accuracy.hedging",
      "projection.accuracy.deception_correlate",
      "projection.divergence",
    ]);
    const finding = new Map(own.map((one) => [one.id, one]));
    const overall = finding.get("projection.accuracy")!;
    expect(overall).toMatchObject({ status: "found", control: { kind: "shuffled labels" } });
    expect(overall.control.estimate).toBeCloseTo(0.5, 1);
    expect(overall.control.interval![1]).toBeLessThan(overall.estimate!);
    expect(finding.get("projection.accuracy.hedging")!.sentence).toMatch(
      /^not measured: category hedging was left out/,
    );
    const divergence = finding.get("projection.divergence")!;
    expect(divergence.status).toBe("found");
    expect(divergence.estimate).toBeLessThan(divergence.control.estimate!);
    expect(catalog!.projection!.categories.map(({ name }) => name)).toEqual([
      "bio_content",
      "hazard_adjacent",
      "refusal_circuitry",
    ]);
    for (const one of own) {
      findingSchema.parse(one);
      expect(one.sentence).not.toMatch(/NaN|null|Infinity/);
    }
  });

  it("has no D if it learned nothing", () => {
    const input = world(52, { answer: refuseAt(() => 0.4), features: (_p, _o, r) => noise(r) });
    const finding = byId({ ...input, projection: true });
    expect(finding("projection.accuracy").status).toBe("not found");
    expect(finding("projection.divergence")).toMatchObject({ status: "undetermined", estimate: null });
    expect(finding("projection.divergence").sentence).toMatch(
      /^not measured: the learned projection was not found/,
    );
  });

  it("says so without an SAE", () => {
    const finding = byId({ ...world(53, { answer }), projection: true });
    expect(finding("projection.accuracy").sentence).toBe("not measured: no SAE was given.");
    expect(finding("projection.divergence").sentence).toBe("not measured: no SAE was given.");
  });
});

describe("the catalog", () => {
  /** Feature 5 rises with hazard; every other feature is noise. */
  const planted = (shift: number) =>
    viewOf(
      world(31, {
        answer: refuseAt((prompt) => (isHazard(prompt) ? 0.8 : 0.1)),
        features: (prompt, _o, r) => {
          const row = noise(r);
          if (isHazard(prompt)) row[5]! += shift;
          return row;
        },
      }),
    );
  const hazard = (shift: number) =>
    planted(shift).catalog!.categories.find(({ name }) => name === "hazard_adjacent")!;

  it("distinguishes a planted feature from the noise that is chosen with it", () => {
    const { features, tested, groups } = hazard(4);
    expect(tested).toBe(d_sae);
    expect(Math.min(...groups)).toBeGreaterThan(10);
    const [first, ...others] = features;
    expect(first!.feature).toBe(5);
    expect(first!.q).toBeLessThan(1e-6);
    expect(first!.stability).toBe(1);
    expect(first!.interval[0]).toBeGreaterThan(1);
    expect(others.length).toBeGreaterThan(5);
    expect(others.filter(({ q }) => q <= 0.05)).toEqual([]);
    for (const { p, q, d, interval, stability } of others) {
      expect(q).toBeGreaterThanOrEqual(p);
      expect(interval[0] < d && d < interval[1]).toBe(true);
      expect(stability).toBeLessThan(1);
    }
  });

  it("discovers nothing in noise, and holds the features that f uses", () => {
    const { catalog, categories } = planted(0);
    expect(catalog!.categories.flatMap(({ features }) => features).filter(({ q }) => q <= 0.05)).toEqual([]);
    expect(
      catalog!.categories.map(({ name, features }) => ({ name, features: features.map((f) => f.feature) })),
    ).toEqual(categories);
  });

  it("depends on the selection half only", () => {
    const input = world(32, { answer: refuseAt(() => 0.5), features: (_p, _o, r) => noise(r) });
    const { scores, catalog } = viewOf(input);
    const scored = new Set(scores.map(({ observation }) => observation));
    const other = {
      d_sae: d_sae,
      pooled: (key: string, cap: number) =>
        scored.has(key) ? new Float32Array(d_sae).fill(9) : input.saes[0]!.features!.pooled(key, cap),
    };
    expect(viewOf({ ...input, saes: [made(other)] }).catalog).toEqual(catalog);
  });
});

describe("several SAEs", () => {
  const answer = refuseAt((prompt) => (isHazard(prompt) ? 0.8 : 0.1));
  const input = world(41, { answer, features: honest, triples: 48 });
  const stream = random("beside");
  const noises = new Map(input.observations.map(({ key }) => [key, noise(stream)]));
  const silent = made({ d_sae: d_sae, pooled: (key) => noises.get(key)! }, "noise@5");
  const refused = { key: "other@7", features: null, not_measured: "not measured: the gate." };
  const several = { ...input, saes: [...input.saes, silent, refused] };

  it("do not change the findings of the first, and the headline names the first", () => {
    const [alone, together] = [byId(input), byId(several)];
    for (const { id } of analyse(input))
      if (id !== "headline.inside") expect(together(id)).toEqual(alone(id));
    const [headline, before] = [together("headline.inside"), alone("headline.inside")];
    expect({ ...headline, sentence: before.sentence }).toEqual(before);
    expect(headline.sentence).toMatch(/about made@3, the first of 3 SAEs\. .*\(noise@5, other@7\).*no part/);
    expect(analysis(several).insides.map(({ sae }) => sae)).toEqual(["made@3", "noise@5", "other@7"]);
    expect(analysis(several).insides[0]).toEqual(viewOf(input));
  });

  it("other than the first are named by key, have their own null distributions and are corrected together", () => {
    const finding = byId(several);
    expect(finding("divergence.permutation").status).toBe("found");
    expect(finding("noise@5/divergence.permutation")).toMatchObject({
      status: "not found",
      group: "divergence, other SAEs",
    });
    expect(finding("noise@5/divergence.permutation").sentence).toMatch(
      /^Through noise@5: With their own features/,
    );
    expect(finding("other@7/depth.refusals")).toMatchObject({
      status: "undetermined",
      sentence: "Through other@7: not measured: the gate.",
    });
    const tests = (saes: GivenSae[], id: string) =>
      Number(/over the (\d+) tests/.exec(byId({ ...input, saes })(id).method)![1]);
    const [own] = input.saes;
    const one = tests([own!, silent], "noise@5/divergence.permutation");
    expect(tests([own!, silent, { ...silent, key: "more@6" }], "noise@5/divergence.permutation")).toBe(
      2 * one,
    );
  });

  it("have a learned projection each: the others' are corrected together, and D only exists where one learned", () => {
    const good = { ...input.saes[0]!, key: "good@4" };
    const asked = { ...several, saes: [...several.saes, good], projection: true };
    const { findings, insides } = analysis(asked);
    expect(findings.filter(({ group }) => group === "projection")).toEqual(
      analyse({ ...input, projection: true }).filter(({ group }) => group === "projection"),
    );
    const beside = findings.filter(({ group }) => group === "projection, other SAEs");
    const finding = new Map(beside.map((one) => [one.id, one]));
    expect(findings.filter(({ group }) => !group.startsWith("projection"))).toEqual(
      analyse({ ...asked, projection: false }),
    );
    expect(finding.get("noise@5/projection.accuracy")!.status).toBe("not found");
    expect(finding.get("noise@5/projection.divergence")!.sentence).toMatch(
      /^Through noise@5: not measured: the learned projection was not found/,
    );
    expect(finding.get("good@4/projection.accuracy")!.status).toBe("found");
    expect(finding.get("good@4/projection.divergence")!.status).toBe("found");
    expect(finding.get("other@7/projection.accuracy")!.sentence).toBe(
      "Through other@7: not measured: the gate.",
    );
    const tested = beside.filter(({ id, method }) => id.includes("accuracy") && method !== "none");
    for (const { method } of tested) expect(method).toContain(`Holm over the ${tested.length} tests`);
    // The second step tests the one map that learned.
    expect(finding.get("good@4/projection.divergence")!.method).not.toContain("Holm");
    expect(insides.map(({ catalog }) => (catalog?.projection ?? null) !== null)).toEqual([
      ...[true, true, false, true],
    ]);
  });
});
