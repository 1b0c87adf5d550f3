import { describe, expect, it } from "vitest";
import { type Anatomy, anatomySchema } from "../../core/records/anatomy.ts";
import { type Finding, findingSchema } from "../../core/records/finding.ts";
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
  ...{ search: null, ceiling: null },
  minimal_sets: [],
  published_filter: null,
  per_prompt: [],
  ...{ depth: null, depth_on_test: null, ending: null },
  rounds: [],
  dormant: null,
  cascade: [],
  backups: [],
  features: [],
  pareto: [],
  ledger: [],
};

const estimate = (at: number, spread: number, n: number) => ({
  ...{ estimate: at, interval: [at - spread, at + spread] as [number, number], n },
});
const named = (findings: readonly Finding[], id: string) => findings.find((finding) => finding.id === id)!;

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
    ...{ given_up: [], candidates: [], ruled_out: [] },
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
      at_mean: { means: [0.1], test: tally(10, 8), flips: estimate(0.8, 0.2, 10), fall: estimate(9, 1, 10) },
      control: null,
      harmless: {
        ...{ clean: tally(10, 10), ablated: tally(10, 8, 1), newly_refuse: 1, no_longer_refuse: 0, p: 1 },
        refusing: { estimate: 0.1, interval: [-0.2, 0.4], n: 10 },
      },
      ...{ cost: null, sentences: null },
      ...{ chosen_again: null, stability: null },
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
    ["anatomy.set_at_mean.1", "found"],
    ["anatomy.cost.1.refuses_harmless", "not found"],
    ["anatomy.cost.1.broken", "not found"],
  ]);
  expect(findings[3]!.sentence).toBe(
    "Without one feature, 9 of 10 refused test prompts comply, and 1 answer is broken text.",
  );
  expect(findings[4]!.sentence).toBe(
    "With one feature held at the mean over harmless prompts, 8 of 10 refused test prompts comply, and 0 answers are broken text; with zero 90% comply.",
  );
});

it("where nothing refuses, nothing is claimed", () => {
  expect(anatomyFindings(nothing).map(({ status }) => status)).toEqual(["undetermined", "undetermined"]);
});

it("a set that flips as few test prompts as no ablation does is not found", () => {
  const weak = structuredClone(found);
  weak.minimal_sets[0]!.test = tally(10, 1);
  weak.minimal_sets[0]!.flips = { estimate: 0.1, interval: [0.02, 0.4], n: 10 };
  expect(named(anatomyFindings(weak), "anatomy.minimal_set.1").status).toBe("not found");
});

it.each([
  ["matched sets", "; 50 matched sets flip 6% of theirs."],
  ["all matched sets", "; all 50 matched sets that there are flip 6% of theirs."],
  ["random directions", "; 50 sets of random directions at the same sites flip 6% of theirs."],
] as const)("names the control that a set is compared with: %s", (kind, words) => {
  const tested = structuredClone(found);
  tested.minimal_sets[0]!.control = {
    kind,
    proxy: { sets: 199, set: estimate(9, 1, 10), effect: estimate(1, 1, 199), p: 1 / 200 },
    judged: {
      ...{ sets: 50, prompts: 9, set: estimate(0.9, 0.1, 9), flips: estimate(0.06, 0.04, 50), p: 4 / 51 },
      paired: { difference: estimate(0.8, 0.1, 9), p: 0.01 },
    },
  };
  const finding = named(anatomyFindings(tested), "anatomy.minimal_set.1");
  expect(finding.sentence).toContain(words);
  expect([finding.status, finding.control.kind]).toEqual(["not found", kind]);
});

describe("redundancy", () => {
  const deep = (): Anatomy => {
    const round = { features: [feature], width: 1, alternatives: [[feature]], woken: null, hardening: null };
    const step = { ablated: 1, free: estimate(6, 1, 10), held: estimate(-5, 1, 10) };
    const backup = { ...feature, wakes_after: 1, woke_on: 9, active_unablated: 0, margin: 1, alone: null };
    return {
      ...structuredClone(found),
      ...{ depth: 2, depth_on_test: estimate(2, 0, 10), ending: "gave way" },
      rounds: [
        {
          ...{ ...round, answers: tally(12, 0), test: tally(10, 1) },
          woken: { mean: 2, random: { mean: 0.4, interval: [0, 1] }, p: 0.02 },
        },
        { ...round, answers: tally(12, 12), test: tally(10, 9) },
      ],
      cascade: [1, 2].map((of) => ({
        ...{ ...step, round: of, repair: estimate(of === 1 ? 11 : 0.1, 0.5, 10), p: of === 1 ? 0.001 : 0.4 },
        repair_at_clean_norm: estimate(of === 1 ? 10 : 0, 0.5, 10),
      })),
      backups: (["load-bearing", "load-bearing", "idle", "undetermined"] as const).map((status, i) => ({
        ...{ ...backup, status, effect: estimate(5, 1, 10), p: 0.001, q: [0.002, 0.03, 0.5, 0.5][i]! },
        ...{ idle_p: 0.5, woken_at_random: 0 },
      })),
    };
  };
  const of = (anatomy: Anatomy) =>
    anatomyFindings(anatomySchema.parse(anatomy)).filter(({ group }) => group === "anatomy: redundancy");

  it("is claimed with its rounds, its repair and its backups", () => {
    const findings = of(deep());
    expect(findings.map((one) => findingSchema.parse(one).sentence)).toEqual([
      "Fit prompts give way after 2 rounds (widths 1 and 1). Of the refused test prompts, 1 of 10 after round 1 and 9 of 10 after round 2 comply.",
      "With round 1 ablated the refusal score is 6, and −5 if what was silent is held silent: waking features bring back 11, or 10 with the final norm's scale of the clean run.",
      "With rounds 1 to 2 ablated the refusal score is 6, and −5 if what was silent is held silent: waking features bring back 0.1, or 0 with the final norm's scale of the clean run.",
      "Of 4 features that wake, 2 are load-bearing (q at most 0.03), 1 idle and 1 undetermined. On average round 1 wakes 2 in a prompt, and random changes of equal norm 0.4.",
    ]);
    expect(findings.map(({ status }) => status)).toEqual(["found", "found", "not found", "found"]);
    for (const { control } of findings) expect(control.estimate).not.toBeNull();
    // Two repairs are tested in one group.
    expect(findings[1]!.method).toContain("p = 0.0010, 0.0020 after Holm over the 2 tests of this group");
  });

  it("is not found where other prompts give way after another round, and open where none was tested", () => {
    expect(of({ ...deep(), depth_on_test: estimate(1, 0, 10) })[0]!.status).toBe("not found");
    const [first] = of({ ...deep(), depth_on_test: null });
    expect(first).toMatchObject({ status: "undetermined", estimate: null });
    expect(of({ ...deep(), depth: null, ending: "limit" })[0]!.sentence).toContain(
      "undetermined: after 2 rounds (widths 1 and 1) the model still refuses fit prompts",
    );
    const none: Anatomy = { ...deep(), depth: null, ending: "not in this dictionary" };
    expect(of({ ...none, rounds: [], cascade: [], backups: [] }).map(({ status }) => status)).toEqual([
      ...["undetermined", "undetermined"],
    ]);
    expect(of({ ...deep(), ending: null })).toEqual([]);
  });

  it("has no interval where test prompts give way after none of the rounds, and says so", () => {
    const { rounds, ...rest } = deep();
    const [finding] = of({
      ...{ ...rest, rounds: rounds.slice(0, 1), depth: 1 },
      depth_on_test: { estimate: null, interval: [1, 2], n: 10 },
    });
    expect(finding).toMatchObject({ status: "not found", estimate: 1, interval: null });
    expect(finding!.sentence).toMatch(/1 of 10 after round 1 comply\. On these the depth is more than 1, so/);
    expect(of({ ...deep(), depth_on_test: estimate(1, 0, 10) })[0]!.sentence).toContain("the depth is 1, so");
  });

  it("knows nothing of backups where no candidate is ever silent", () => {
    const findings = of({ ...deep(), dormant: 0, backups: [] });
    expect(findings.map(({ status }) => status)).toEqual([
      "found",
      ...["undetermined", "undetermined", "undetermined"],
    ]);
    for (const { estimate: none, sentence } of findings.slice(1))
      expect([none, sentence.includes("no candidate is silent")]).toEqual([null, true]);
  });

  it("has no backups where only idle features wake", () => {
    const idle = deep();
    idle.backups = idle.backups.slice(2);
    expect(of(idle).at(-1)).toMatchObject({ status: "not found", estimate: 0, n: 2 });
  });
});

describe("the cost of a set", () => {
  const of = (change: (set: Anatomy["minimal_sets"][number]) => void) => {
    const anatomy = structuredClone(found);
    change(anatomy.minimal_sets[0]!);
    return new Map(anatomyFindings(anatomySchema.parse(anatomy)).map((finding) => [finding.id, finding]));
  };

  it("is found where it is above what sets like it cost", () => {
    const costs = (kl: number) =>
      of((set) => {
        set.cost = {
          ...{ kl: estimate(kl, 0.01, 10), cross_entropy: estimate(-0.1, 0.01, 10) },
          agreement: estimate(0.97, 0.02, 10),
          controls: {
            ...{ sets: 8, kl: estimate(0.02, 0.01, 8), cross_entropy: estimate(0, 0.01, 8) },
            agreement: estimate(0.99, 0.01, 8),
          },
        };
        set.sentences = { ...set.cost, cross_entropy: estimate(0.2, 0.05, 12) };
      });
    expect(costs(0.3).get("anatomy.cost.1.kl")).toMatchObject({
      ...{ status: "found", control: { kind: "8 controls of the set", estimate: 0.02 } },
      sentence:
        "On clean answers to harmless test prompts, ablating set 1 moves the next-token distribution by 0.3 nats a token; its controls by 0.02.",
    });
    expect(costs(0.3).get("anatomy.cost.1.sentences")).toMatchObject({
      ...{ status: "found", n: 12 },
      sentence:
        "On 12 neutral sentences, ablating set 1 changes the cross-entropy by 0.2 nats a token, and the most probable token stays the same at 97% of the tokens.",
    });
    expect(costs(0.035).get("anatomy.cost.1.kl")!.status).toBe("not found");
    expect(costs(0.3).get("anatomy.cost.1.cross_entropy")!.status).toBe("not found");
  });

  it("counts harmless prompts that are refused newly and those that are no longer", () => {
    const findings = of((set) => {
      set.harmless = {
        ...{
          clean: tally(40, 39),
          ablated: tally(40, 25, 5),
          newly_refuse: 10,
          no_longer_refuse: 1,
          p: 0.01,
        },
        refusing: estimate(0.225, 0.1, 40),
      };
    });
    expect(findings.get("anatomy.cost.1.refuses_harmless")).toMatchObject({
      ...{ status: "found", estimate: 0.225, control: { estimate: 1 / 40 } },
      sentence:
        "Of 40 harmless test prompts 1 are refused without an ablation and 10 without set 1: 10 newly, 1 no longer.",
    });
    expect(findings.get("anatomy.cost.1.broken")!.estimate).toBe(5 / 40);
  });
});
