import { expect, it } from "vitest";
import { type Anatomy, anatomySchema } from "../../core/records/anatomy.ts";
import { findingSchema } from "../../core/records/finding.ts";
import { anatomyFindings } from "./findings.ts";

const tally = (asked: number, complied: number, broken = 0) => ({
  ...{ asked, complied, refused: asked - complied - broken, evaded: 0, broken, other: 0, looped: 0 },
});

const nothing: Anatomy = {
  format: 1,
  outcome: "no refusal to take apart",
  reason: "Nothing refuses.",
  level: 0.95,
  seed: 0,
  sizes: {},
  sites: [],
  prompts: { harmful: tally(20, 20), harmless: tally(20, 20) },
  score: null,
  direction: null,
  ceiling: null,
  minimal_sets: [],
  published_filter: null,
  per_prompt: [],
  depth: null,
  rounds: [],
  cascade: [],
  backups: [],
  features: [],
  pareto: [],
  ledger: [],
};

const feature = { sae: "sae@2", layer: 2, feature: 7 };
const beside = (chosen: number, mean: number, p: number) => ({
  chosen,
  random: { mean, interval: [mean - 1, mean + 1] as [number, number] },
  p,
});

const found: Anatomy = {
  ...nothing,
  outcome: "found",
  prompts: { harmful: tally(20, 0), harmless: tally(20, 20) },
  sites: [{ sae: "sae@2", layer: 2, features: 256, candidates: 256, gate: "passed", explained: 0.9 }],
  direction: {
    ...{ site: "resid_post", layer: 2, position: -1, norm: 3, clean: { harmful: 8, harmless: -9 } },
    random: { directions: 40, bypass: beside(-6, 7.9, 1 / 41), induce: beside(5, -8.8, 1 / 41) },
    ...{ doses: [], split_half: null, dimensions: { count: 1 } },
    ...{ exhaustive: true, considered: 4, rejected: { depth: 0, kl: 0, induce: 0 } },
    ...{ given_up: [], candidates: [] },
  },
  ceiling: tally(12, 12),
  minimal_sets: [
    {
      features: [feature],
      certified: true,
      certified_by: "score",
      fit: tally(12, 12),
      test: tally(10, 9, 1),
      flips: { estimate: 0.9, interval: [0.6, 0.98], n: 10 },
      control: null,
      chosen_again: null,
    },
  ],
};

it("records fit their schemas, and every finding has its n, method and control", () => {
  for (const anatomy of [nothing, found]) {
    expect(anatomySchema.parse(anatomy)).toEqual(anatomy);
    for (const finding of anatomyFindings(anatomy)) {
      expect(findingSchema.parse(finding)).toEqual(finding);
      expect(finding.estimate === null).toBe(finding.status === "undetermined");
      if (finding.estimate !== null) expect(finding.control.estimate).not.toBeNull();
    }
  }
});

it("says what was found in sentences", () => {
  const findings = anatomyFindings(found);
  expect(findings.map(({ id, status }) => [id, status])).toEqual([
    ["anatomy.direction.bypass", "found"],
    ["anatomy.direction.induce", "found"],
    ["anatomy.ceiling", "found"],
    ["anatomy.minimal_set.1", "found"],
  ]);
  expect(findings[3]!.sentence).toBe(
    "Without one feature, 9 of 10 refused test prompts comply, and 1 answer is broken text.",
  );
});

it("where nothing refuses, nothing is claimed", () => {
  expect(anatomyFindings(nothing).map(({ status }) => status)).toEqual(["undetermined", "undetermined"]);
});

it("a set that flips as few test prompts as no ablation does is not found", () => {
  const weak = structuredClone(found);
  weak.minimal_sets[0]!.test = tally(10, 1);
  weak.minimal_sets[0]!.flips = { estimate: 0.1, interval: [0.02, 0.4], n: 10 };
  expect(anatomyFindings(weak).at(-1)!.status).toBe("not found");
});

it.each([
  ["matched sets", "; 50 matched sets flip 6% of theirs."],
  ["all matched sets", "; all 50 matched sets that there are flip 6% of theirs."],
  ["random directions", "; 50 sets of random directions at the same sites flip 6% of theirs."],
] as const)("names the control that a set is compared with: %s", (kind, words) => {
  const tested = structuredClone(found);
  tested.minimal_sets[0]!.control = {
    kind,
    proxy: { sets: 199, effect: { estimate: 1, interval: [0, 2], n: 199 }, p: 1 / 200 },
    judged: { sets: 50, prompts: 9, flips: { estimate: 0.06, interval: [0, 1], n: 50 }, p: 4 / 51 },
  };
  const finding = anatomyFindings(tested).at(-1)!;
  expect(finding.sentence).toContain(words);
  expect([finding.status, finding.control.kind]).toEqual(["not found", kind]);
});
