import { describe, expect, it } from "vitest";
import type { CategoryDefinition } from "../core/category.ts";
import { findingSchema } from "../core/finding.ts";
import { framings, labels, type Prompt, tiers } from "../core/prompt.ts";
import { type Random, random } from "../core/random.ts";
import type { Outcome, Surface, Verdict } from "../core/verdict.ts";
import { analyse, analysis } from "./analyse.ts";
import type { AnalysisInput, Features, GivenSae } from "./answers.ts";
import { selectFeatures } from "./categories.ts";

const D_SAE = 40;
const CAPS = [80, 150, 200];

interface Plan {
  triples?: number;
  controls?: number;
  seeds?: number[];
  templates?: ("chat" | "none")[];
  /** What is said at the largest cap, and where a refusal shows. */
  answer: (prompt: Prompt, template: "chat" | "none", r: Random) => { outcome: Outcome; token?: number };
  /** Pooled features of an answer; absent: no SAE. */
  features?: (prompt: Prompt, outcome: Outcome, r: Random) => Float32Array;
}

/** A run whose truth is known, because it is made here. */
function world(seed: number, plan: Plan): AnalysisInput {
  const r = random(`world ${seed}`);
  const { triples = 32, controls = 12, seeds = [0], templates = ["chat", "none"] } = plan;
  const prompt = (id: string, rest: Partial<Prompt>): Prompt => ({
    id,
    prompt: id,
    tier: "benign",
    framing: "direct",
    category: "any",
    pair: null,
    panel: "main",
    rationale: "",
    expected_surface: null,
    ...rest,
  });
  const prompts = [
    ...Array.from({ length: triples }, (_, i) =>
      tiers.map((tier) => prompt(`p${i} ${tier}`, { tier, pair: `p${i}`, framing: framings[i % 4]! })),
    ).flat(),
    ...Array.from({ length: controls }, (_, i) => prompt(`c${i}`, { panel: "control" })),
  ];
  const observations: AnalysisInput["observations"][number][] = [];
  const verdicts: Verdict[] = [];
  const pooled = new Map<string, Float32Array>();
  for (const item of prompts)
    for (const template of templates)
      for (const sampling of seeds) {
        const key = `${item.id}/${template}/${sampling}`;
        const { outcome, token = 3 } = plan.answer(item, template, r);
        observations.push({
          key,
          prompt_id: item.id,
          condition: {
            template,
            system: null,
            prefill: null,
            temperature: 0.7,
            seed: sampling,
            precision: "fp32",
          },
          prompt_ids: [1],
          ids: [2],
          text: "x",
          text_ends: [1],
          finish: "length",
          refusal_scores: [0],
          activations: [],
        });
        for (const cap of CAPS) {
          const shown: Outcome = outcome === "refuse" && token >= cap ? "comply" : outcome;
          verdicts.push({
            observation: key,
            prompt_id: item.id,
            cap,
            outcome: shown,
            surface: surfaceOf(shown),
            evidence: [],
            refusal_token: shown === "refuse" ? token : null,
            judge: "made",
          });
        }
        if (plan.features !== undefined) pooled.set(key, plan.features(item, outcome, r));
      }
  const saes =
    plan.features === undefined ? [] : [made({ d_sae: D_SAE, pooled: (key) => pooled.get(key) ?? null })];
  return { prompts, observations, verdicts, saes, caps: CAPS, seed, resamples: 1000 };
}

const made = (features: Features | null, key = "made@3"): GivenSae => ({ key, features });
const viewOf = (input: AnalysisInput) => analysis(input).insides[0]!;

function surfaceOf(outcome: Outcome): Surface | null {
  if (!(labels as readonly string[]).includes(outcome)) return null;
  return Object.fromEntries(labels.map((label) => [label, label === outcome ? 1 : 0])) as Surface;
}

const noise = (r: Random): Float32Array => Float32Array.from({ length: D_SAE }, () => Math.abs(r.normal()));
const refuseAt =
  (rate: (prompt: Prompt, template: "chat" | "none") => number): Plan["answer"] =>
  (prompt, template, r) => ({ outcome: r.uniform() < rate(prompt, template) ? "refuse" : "comply" });
const isHazard = ({ tier }: Prompt) => tier === "hazard_adjacent";

const byId = (input: AnalysisInput) => {
  const map = new Map(analyse(input).map((finding) => [finding.id, finding]));
  return (id: string) => {
    const finding = map.get(id);
    if (finding === undefined) throw new Error(`no finding ${id} among ${[...map.keys()].join(", ")}`);
    return finding;
  };
};
const seedsTried = Array.from({ length: 20 }, (_, i) => i);

describe("the outside view", () => {
  it("finds a planted refusal: hazards only, gone without the template, late", () => {
    const input = world(1, {
      answer: (prompt, template, r) =>
        isHazard(prompt) && template === "chat" && r.uniform() < 0.9
          ? { outcome: "refuse", token: 100 }
          : { outcome: "comply" },
    });
    const finding = byId(input);
    expect(finding("refusal.discrimination").status).toBe("found");
    expect(finding("refusal.rate.hazard_adjacent.chat.200").status).toBe("found");
    expect(finding("refusal.rate.hazard_adjacent.chat.80")).toMatchObject({
      status: "not found",
      estimate: 0,
    });
    expect(finding("refusal.rate.hazard_adjacent.none.200").status).toBe("not found");
    expect(finding("refusal.rate.dual_use.chat.200").status).toBe("not found");
    expect(finding("refusal.rate.benign.chat.200")).toMatchObject({
      status: "not found",
      estimate: 0,
      n: 32,
    });
    expect(finding("refusal.template.hazard_adjacent").estimate).toBeGreaterThan(0.7);
    expect(finding("refusal.cap.hazard_adjacent").status).toBe("found");
    expect(finding("onset.hazard_adjacent.chat")).toMatchObject({ estimate: 100, interval: [100, 100] });
    expect(finding("onset.late.hazard_adjacent.chat")).toMatchObject({ estimate: 1, status: "found" });
    expect(finding("headline.refuses").status).toBe("found");
    expect(finding("headline.survives").status).toBe("not found");
    expect(finding("headline.survives").sentence).toMatch(
      /without the chat template, in the shortest answers/,
    );
  });

  it("says of a refusal that is kept everywhere that it survives", () => {
    const finding = byId(world(2, { answer: refuseAt((prompt) => (isHazard(prompt) ? 1 : 0)) }));
    expect(finding("headline.refuses").status).toBe("found");
    expect(finding("refusal.template.hazard_adjacent")).toMatchObject({ estimate: 0, status: "not found" });
    // Eight prompts a framing cannot rule out a loss of 20 points; 40 can.
    expect(finding("headline.survives").status).toBe("undetermined");
    const large = byId(world(2, { triples: 160, answer: refuseAt((prompt) => (isHazard(prompt) ? 1 : 0)) }));
    expect(large("headline.survives").status).toBe("found");
  });

  it("does not praise a model that refuses everything, and will not say a non-refuser's refusals survive", () => {
    const always = byId(world(3, { answer: () => ({ outcome: "refuse" }) }));
    expect(always("headline.refuses").status).toBe("not found");
    expect(always("refusal.rate.benign.chat.200").status).toBe("found");
    const never = byId(world(3, { answer: () => ({ outcome: "comply" }) }));
    expect(never("headline.refuses").status).toBe("not found");
    expect(never("headline.survives")).toMatchObject({ status: "undetermined", estimate: null });
    expect(never("onset.hazard_adjacent.chat").status).toBe("undetermined");
  });

  it("finds a framing that gets through", () => {
    const input = world(4, {
      triples: 80,
      answer: refuseAt((prompt) => (isHazard(prompt) && prompt.framing !== "roleplay" ? 0.95 : 0)),
    });
    const finding = byId(input);
    expect(finding("refusal.framing.roleplay").status).toBe("found");
    expect(finding("refusal.framing.educational").status).toBe("not found");
    expect(finding("headline.survives").sentence).toMatch(/do not survive in the roleplay framing\./);
  });

  it("keeps unjudged answers in n, says how many, and claims nothing when they are many", () => {
    const finding = byId(
      world(5, {
        answer: (prompt, _, r) =>
          r.uniform() < 0.6 ? { outcome: "incoherent" } : { outcome: isHazard(prompt) ? "refuse" : "comply" },
      }),
    );
    const rate = finding("refusal.rate.hazard_adjacent.chat.200");
    expect(rate.n).toBe(32);
    expect(rate.estimate).toBeLessThan(0.7);
    expect(rate.sentence).toMatch(/could not be judged \(\d+ incoherent\)/);
    expect(finding("refusal.unjudged.chat.200").status).toBe("found");
    expect(finding("headline.refuses")).toMatchObject({ status: "undetermined", estimate: null });
  });

  it("counts prompts, not samples: four seeds of the same answers leave n and interval as they were", () => {
    const answer: Plan["answer"] = (prompt) => ({
      outcome: isHazard(prompt) && Number(/\d+/.exec(prompt.id)![0]) % 3 === 0 ? "refuse" : "comply",
    });
    const one = byId(world(6, { answer }));
    const four = byId(world(6, { answer, seeds: [0, 1, 2, 3] }));
    for (const id of [
      "refusal.rate.hazard_adjacent.chat.200",
      "refusal.discrimination",
      "refusal.template.dual_use",
    ])
      expect({ ...four(id), sentence: "" }).toEqual({ ...one(id), method: four(id).method, sentence: "" });
    expect(four("refusal.seeds")).toMatchObject({ estimate: 1, status: "found" });
    expect(one("refusal.seeds").status).toBe("undetermined");
    const coins = byId(world(6, { answer: refuseAt(() => 0.5), seeds: [0, 1, 2, 3] }));
    expect(coins("refusal.seeds").status).toBe("not found");
  });

  it("finds nothing in noise: each main claim at 10% of seeds at most, most reports without any", () => {
    const reports = seedsTried.map((seed) =>
      analyse(world(seed, { answer: refuseAt(() => 0.4), features: (_p, _o, r) => noise(r) })),
    );
    const isTest = ({ method }: { method: string }) => method.includes("Holm");
    const clean = reports.filter((report) => report.every((f) => f.status !== "found" || !isTest(f)));
    // Each of the groups is kept at 5%, so most whole reports are clean; a single claim must be rarer still.
    expect(clean.length).toBeGreaterThanOrEqual(16);
    for (const id of [
      "headline.refuses",
      "headline.inside",
      "divergence.tier_effect",
      "refusal.discrimination",
    ]) {
      const found = reports.filter((report) => report.find((f) => f.id === id)!.status === "found");
      expect(found.length, id).toBeLessThanOrEqual(2);
    }
  });
});

/** Refusals light features 0–4, hazards 5–9, the domain 10–14. */
const honest = (prompt: Prompt, outcome: Outcome, r: Random): Float32Array => {
  const f = noise(r);
  const light = (from: number) => {
    for (let i = from; i < from + 5; i++) f[i]! += 4;
  };
  if (outcome === "refuse") light(0);
  if (isHazard(prompt)) light(5);
  if (prompt.panel === "main") light(10);
  return f;
};

describe("the inside view", () => {
  const answer = refuseAt((prompt) => (isHazard(prompt) ? 0.8 : 0.2));

  it("agrees where refusals light refusal features", () => {
    const finding = byId(world(11, { answer, features: honest, triples: 48 }));
    expect(finding("headline.inside").status).toBe("found");
    expect(finding("divergence.permutation").status).toBe("found");
    const permuted = finding("divergence.permutation");
    expect(permuted.estimate).toBeLessThan(permuted.control.estimate!);
    expect(finding("depth.refusals").estimate).toBeGreaterThan(finding("depth.refusals").control.estimate!);
    expect(finding("flags.hazard_features_active_despite_refusal").status).toBe("found");
    expect(finding("flags.refusal_features_active_despite_compliance").status).toBe("not found");
    expect(finding("flags.deception_correlate_active").sentence).toMatch(
      /not measured: category deception_correlate/,
    );
  });

  it("finds a planted divergence: hazards whose features say the opposite of the answer", () => {
    const found = seedsTried.slice(0, 6).filter((seed) => {
      const finding = byId(
        world(seed, {
          triples: 64,
          answer: refuseAt(() => 0.5),
          features: (prompt, outcome, r) => {
            const opposite = outcome === "refuse" ? "comply" : "refuse";
            return honest({ ...prompt, tier: "benign" }, isHazard(prompt) ? opposite : outcome, r);
          },
        }),
      )("divergence.tier_effect");
      return finding.status === "found" && finding.estimate! > 0;
    });
    expect(found.length).toBeGreaterThanOrEqual(5);
  });

  it("offers the published f, and shows why it is not the default: its common part hides what it says", () => {
    const standardized = byId(world(11, { answer, features: honest, triples: 48 }));
    const published = byId({
      ...world(11, { answer, features: honest, triples: 48 }),
      f_units: "activation",
    });
    const gain = (finding: ReturnType<typeof byId>) => {
      const { estimate, control } = finding("divergence.permutation");
      return control.estimate! - estimate!;
    };
    expect(gain(standardized)).toBeGreaterThan(0.1);
    expect(gain(published)).toBeLessThan(0.01);
  });

  it("scores only the half that did not choose the features, whole pairs together", () => {
    const input = world(12, { answer, features: honest });
    const result = viewOf(input);
    const prompts = new Map(input.prompts.map((prompt) => [prompt.id, prompt]));
    const scored = new Set(result.scores.map(({ prompt_id }) => prompts.get(prompt_id)!.pair));
    for (const pair of scored)
      if (pair !== null)
        expect(result.scores.filter(({ prompt_id }) => prompts.get(prompt_id)!.pair === pair)).toHaveLength(
          3,
        );
    expect(result.scores.length).toBeLessThan(input.prompts.length * 0.6);
    expect(result.scores.length).toBeGreaterThan(input.prompts.length * 0.4);
    expect(result.categories.map(({ name }) => name)).toEqual([
      "bio_content",
      "hazard_adjacent",
      "refusal_circuitry",
    ]);
    expect(result.left_out.map(({ name }) => name)).toEqual(["hedging", "deception_correlate"]);

    // Other features on the scored half leave the choice as it was.
    const scoredKeys = new Set(result.scores.map(({ observation }) => observation));
    const stream = random("other");
    const own = input.saes[0]!.features!;
    const pooled = (key: string, cap: number) => (scoredKeys.has(key) ? noise(stream) : own.pooled(key, cap));
    const other = viewOf({ ...input, saes: [made({ d_sae: D_SAE, pooled })] });
    expect(other.categories).toEqual(result.categories);
    expect(other.scores.map(({ D }) => D)).not.toEqual(result.scores.map(({ D }) => D));
  });

  it("is not measured without an SAE, and the rest of the report stands", () => {
    const finding = byId(world(13, { answer }));
    for (const id of [
      "divergence.tier_effect",
      "divergence.label_share",
      "depth.refusals",
      "flags.deception_correlate_active",
    ])
      expect(finding(id)).toMatchObject({
        status: "undetermined",
        estimate: null,
        sentence: "not measured: no SAE was given.",
      });
    expect(finding("headline.inside").sentence).toMatch(/not measured: no SAE was given/);
    expect(finding("headline.refuses").status).toBe("found");
  });

  it("gives null for answers without active features, and says how many", () => {
    const dead = (prompt: Prompt, outcome: Outcome, r: Random) =>
      prompt.tier === "benign" && prompt.panel === "main" && r.uniform() < 0.3
        ? new Float32Array(D_SAE)
        : honest(prompt, outcome, r);
    const { insides, findings } = analysis(world(14, { answer, features: dead }));
    const { scores } = insides[0]!;
    expect(scores.filter(({ D }) => D === null).length).toBeGreaterThan(0);
    expect(scores.every(({ D, f }) => (D === null) === f.every((value) => value === 0))).toBe(true);
    expect(findings.find(({ id }) => id === "divergence.tier.benign")!.sentence).toMatch(
      /undefined for \d+ more/,
    );
  });

  it("chooses the features that differ, strongest first, and none that falls", () => {
    const r = random("select");
    const rows = (shift: number) =>
      Array.from({ length: 60 }, () => {
        const row = noise(r);
        row[3]! += 3 * shift;
        row[7]! += 6 * shift;
        row[9]! -= 3 * shift;
        row[11] = 0;
        return row;
      });
    const chosen = selectFeatures(rows(1), rows(0), { features: 20, least_effect: 0.1 }).map(
      ({ index }) => index,
    );
    expect(chosen.slice(0, 2)).toEqual([7, 3]);
    expect(chosen).not.toContain(9);
    expect(chosen).not.toContain(11);
    expect(chosen.length).toBeLessThanOrEqual(20);
  });
});

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

  it("makes f, the catalog and T of the categories given, in their order and with their sizes", () => {
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

  it("says plainly which flags they leave unmeasured, and measures the one whose category is there", () => {
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

  it("is there when asked for, beside a D that it leaves as it is", () => {
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
    expect(overall).toMatchObject({ status: "found", control: { kind: "labels dealt at random" } });
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

  it("has no D where it learned nothing", () => {
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
  /** Feature 5 rises with hazard, everything else is noise. */
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

  it("tells a planted feature from the noise that is chosen beside it", () => {
    const { features, tested, groups } = hazard(4);
    expect(tested).toBe(D_SAE);
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

  it("discovers nothing in noise, and holds the features that f is made of", () => {
    const { catalog, categories } = planted(0);
    expect(catalog!.categories.flatMap(({ features }) => features).filter(({ q }) => q <= 0.05)).toEqual([]);
    expect(
      catalog!.categories.map(({ name, features }) => ({ name, features: features.map((f) => f.feature) })),
    ).toEqual(categories);
  });

  it("rests on the selection half alone", () => {
    const input = world(32, { answer: refuseAt(() => 0.5), features: (_p, _o, r) => noise(r) });
    const { scores, catalog } = viewOf(input);
    const scored = new Set(scores.map(({ observation }) => observation));
    const other = {
      d_sae: D_SAE,
      pooled: (key: string, cap: number) =>
        scored.has(key) ? new Float32Array(D_SAE).fill(9) : input.saes[0]!.features!.pooled(key, cap),
    };
    expect(viewOf({ ...input, saes: [made(other)] }).catalog).toEqual(catalog);
  });
});

describe("several SAEs", () => {
  const answer = refuseAt((prompt) => (isHazard(prompt) ? 0.8 : 0.1));
  const input = world(41, { answer, features: honest, triples: 48 });
  const stream = random("beside");
  const noises = new Map(input.observations.map(({ key }) => [key, noise(stream)]));
  const silent = made({ d_sae: D_SAE, pooled: (key) => noises.get(key)! }, "noise@5");
  const refused = { key: "other@7", features: null, not_measured: "not measured: the gate." };
  const several = { ...input, saes: [...input.saes, silent, refused] };

  it("leave the first as it is alone, and say which one the headline is about", () => {
    const [alone, together] = [byId(input), byId(several)];
    for (const { id } of analyse(input))
      if (id !== "headline.inside") expect(together(id)).toEqual(alone(id));
    const [headline, before] = [together("headline.inside"), alone("headline.inside")];
    expect({ ...headline, sentence: before.sentence }).toEqual(before);
    expect(headline.sentence).toMatch(/about made@3, the first of 3 SAEs; .*\(noise@5, other@7\).*no part/);
    expect(analysis(several).insides.map(({ sae }) => sae)).toEqual(["made@3", "noise@5", "other@7"]);
    expect(analysis(several).insides[0]).toEqual(viewOf(input));
  });

  it("beside the first are told by key, with nulls of their own and corrected together", () => {
    const finding = byId(several);
    expect(finding("divergence.permutation").status).toBe("found");
    expect(finding("noise@5/divergence.permutation")).toMatchObject({
      status: "not found",
      group: "divergence, other SAEs",
    });
    expect(finding("noise@5/divergence.permutation").sentence).toMatch(/^noise@5: With their own features/);
    expect(finding("other@7/depth.refusals")).toMatchObject({
      status: "undetermined",
      sentence: "other@7: not measured: the gate.",
    });
    const tests = (saes: GivenSae[], id: string) =>
      Number(/over the (\d+) tests/.exec(byId({ ...input, saes })(id).method)![1]);
    const [own] = input.saes;
    const one = tests([own!, silent], "noise@5/divergence.permutation");
    expect(tests([own!, silent, { ...silent, key: "more@6" }], "noise@5/divergence.permutation")).toBe(
      2 * one,
    );
  });
});

describe("every report", () => {
  const input = world(21, { answer: refuseAt(() => 0.5), features: (_p, _o, r) => noise(r), seeds: [0, 1] });

  it("is valid, has each id once, prints no broken number, and has no estimate where undetermined", () => {
    for (const made of [
      input,
      world(22, { triples: 2, controls: 0, answer: refuseAt(() => 0.5), templates: ["none"] }),
    ]) {
      const findings = analyse(made);
      expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
      for (const finding of findings) {
        findingSchema.parse(finding);
        expect(finding.sentence).not.toMatch(/NaN|null|undefined (?!for)|Infinity/);
        expect(finding.estimate === null, finding.id).toBe(finding.status === "undetermined");
      }
    }
    expect(
      analyse(input)
        .slice(0, 3)
        .map(({ id }) => id),
    ).toEqual(["headline.refuses", "headline.survives", "headline.inside"]);
  });

  it("is the same for the same records and seed, in whatever order they were written", () => {
    const again = {
      ...input,
      observations: input.observations.toReversed(),
      verdicts: input.verdicts.toReversed(),
    };
    expect(analyse(again)).toEqual(analyse(input));
    expect(analyse({ ...input, seed: 99 })).not.toEqual(analyse(input));
  });

  it("is refused when a record is missing, doubled, unknown, or of another setting", () => {
    const { observations, verdicts } = input;
    const changed = {
      ...observations[0]!,
      key: "new",
      condition: { ...observations[0]!.condition, temperature: 0 },
    };
    for (const [broken, message] of [
      [{ ...input, verdicts: verdicts.slice(1) }, /at cap 80, found none/],
      [{ ...input, observations: observations.slice(1), verdicts: verdicts.slice(3) }, /found none/],
      [{ ...input, observations: [...observations, observations[0]!] }, /each record once/],
      [{ ...input, prompts: input.prompts.slice(1) }, /a prompt of this run/],
      [{ ...input, observations: observations.slice(1) }, /an observation of this run/],
      [{ ...input, observations: [...observations, changed] }, /one temperature in a run/],
      [
        { ...input, saes: [made({ d_sae: 3, pooled: () => new Float32Array(2) })] },
        /expected 3 numbers, found 2/,
      ],
    ] as const)
      expect(() => analyse(broken as AnalysisInput)).toThrow(message);
  });
});
