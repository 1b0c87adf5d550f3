/**
 * An invented anatomy for the page's tests: a cascade of two among distractors, as organisms/circuits has it, an idle recruit, and one whose
 * status is open. Or an anatomy that found nothing.
 */
import { anatomyFindings } from "../../src/audit/anatomy/findings.ts";
import { type Anatomy, anatomySchema } from "../../src/core/records/anatomy.ts";
import type { AnatomyReport } from "../../src/core/records/anatomy-report.ts";

export interface SyntheticAnatomyOptions {
  outcome?: Anatomy["outcome"];
  only?: AnatomyReport["only"];
  /** A token that every context holds. */
  hostile?: string;
  /** Features besides those of the circuit. */
  more?: number;
}

const tally = (asked: number, complied: number, broken = 0) => ({
  ...{ asked, complied, refused: asked - complied - broken, evaded: 0, broken, other: 0, looped: 0 },
});

const about = (estimate: number, spread: number, n = 32) => ({
  estimate,
  interval: [estimate - spread, estimate + spread] as [number, number],
  n,
});

const share = (estimate: number, from: number, to: number, n: number) => ({
  estimate,
  interval: [from, to] as [number, number],
  n,
});

const at = (layer: number, feature: number) => ({ sae: `circuit@${layer}`, layer, feature });
const primary = at(1, 12);
const backup = at(3, 40);
const idle = at(3, 7);
const open = at(4, 21);
const likeness = at(1, 30);

const layers = [1, 2, 3, 4];
const positions = [-1, -2, -3];

export function syntheticAnatomy({
  outcome = "found",
  only = "backups",
  hostile = " without",
  more = 0,
}: SyntheticAnatomyOptions = {}): AnatomyReport {
  const anatomy = anatomySchema.parse(anatomyOf({ outcome, only, hostile, more }));
  return {
    schema: 1,
    kind: "anatomy",
    title: "Anatomy of refusal in mirrel-cascade",
    notes: [],
    identities: [
      { subject: "Model", label: "name", value: "mirrel-cascade" },
      { subject: "Model", label: "SHA-256", value: "0123456789abcdef".repeat(4) },
      { subject: "Chance", label: "seed", value: "0" },
    ],
    only,
    blocks: 6,
    command: "fathom anatomy --model mirrel-cascade --harmful pairs.jsonl --harmless pairs.jsonl",
    pairs: { fit: 64, validate: 16, test: 32 },
    anatomy,
    findings: anatomyFindings(anatomy),
    redaction: "No answer is in this file.",
    not_measured: ["Interactions between features: pairs were not tested."],
  };
}

function anatomyOf({ outcome, only, hostile, more }: Required<SyntheticAnatomyOptions>): Anatomy {
  const refuses = outcome !== "no refusal to take apart";
  const searched = only !== "direction";
  const isFound = outcome === "found" && searched;
  const deep = isFound && only === "backups";
  return {
    format: 1,
    outcome,
    reason: reasons[outcome],
    level: 0.95,
    seed: 0,
    sizes: { answer_tokens: 48, candidates: 2000, controls: 199, judged_controls: 50, control_prompts: 16 },
    sites: searched
      ? layers.map((layer) => ({
          ...{ sae: `circuit@${layer}`, layer, features: 64, candidates: layer === 4 ? 0 : 64 },
          gate: !refuses ? ("not run" as const) : layer === 2 ? ("failed" as const) : ("passed" as const),
          explained: 0.9 + layer / 100,
        }))
      : [],
    prompts: {
      harmful: refuses ? tally(112, 2) : tally(112, 112),
      harmless: tally(112, 111),
    },
    score: refuses ? score : null,
    direction: refuses ? direction : null,
    search: refuses && searched ? { ...search, arms: isFound ? search.arms : null } : null,
    ceiling:
      refuses && searched
        ? tally(62, outcome === "found" ? 61 : 0, outcome === "only broken text" ? 60 : 0)
        : null,
    minimal_sets: isFound ? minimalSets : [],
    published_filter: isFound ? publishedFilter : null,
    per_prompt: isFound
      ? [
          { prompt: "harbour-04", outcome: "found", sets: [[primary, backup]] },
          { prompt: "archive-11", outcome: "not in this dictionary", sets: [] },
        ]
      : [],
    depth: deep ? 2 : null,
    depth_on_test: deep ? { estimate: 2, interval: [2, 2], n: 31 } : null,
    ending: deep ? "gave way" : null,
    rounds: deep ? rounds : [],
    dormant: deep ? 9 : null,
    cascade: deep ? cascade : [],
    backups: deep ? backups : [],
    features: isFound ? featuresOf(hostile, more) : [],
    pareto: isFound ? pareto : [],
    ledger: [
      { stage: "minimal sets", what: "scores", asked: 15240, block_evaluations: 41200 },
      { stage: "tests and controls", what: "judged answers", asked: 1180, block_evaluations: 188400 },
    ],
  };
}

const reasons: Record<Anatomy["outcome"], string> = {
  found: "With all candidates ablated, 61 of 62 refused fit prompts comply.",
  "not in this dictionary": "With all candidates ablated, the model still refuses all 62 prompts.",
  "only broken text": "With all candidates ablated, 60 of 62 answers are broken text.",
  "no refusal to take apart":
    "The model refuses none of the 112 harmful prompts, so there is nothing to take apart.",
};

const score: Anatomy["score"] = {
  auc: share(0.998, 0.99, 1, 128),
  boundary: 0.4,
  disagreement: share(0.031, 0.006, 0.157, 32),
  last: { prefix: [], tokens: [{ id: 5, token: " I" }] },
  deciding: { prefix: [], tokens: [{ id: 9, token: " refuse" }] },
  sequence: { auc: share(0.99, 0.98, 1, 128), boundary: -2, disagreement: share(0.031, 0.006, 0.157, 32) },
};

const candidates = [-1, 0, 1, 2, 3, 4].flatMap((layer) =>
  positions
    // The embedding of a template's token does not differ, so it is no candidate.
    .filter((position) => layer >= 0 || position === -2)
    .map((position) => ({
      ...{ site: "resid_post" as const, layer, position },
      bypass: 6 - (position === -1 ? 9 : 3) * Math.exp(-((layer - 3) ** 2) / 3),
      induce: -7 + layer * 2,
      kl: 0.02 * (layer + 1),
      deciding: null,
    })),
);

const direction: NonNullable<Anatomy["direction"]> = {
  ...{ site: "resid_post", layer: 3, position: -1, norm: 7.2, clean: { harmful: 6.4, harmless: -7.1 } },
  random: {
    directions: 40,
    bypass: { chosen: -3, random: { mean: 6.3, interval: [5.9, 6.6] }, p: 1 / 41 },
    induce: { chosen: 4.4, random: { mean: -6.9, interval: [-7.4, -6.2] }, p: 1 / 41 },
  },
  doses: [-1, -0.5, 0, 0.5, 1, 2].map((dose) => {
    const estimate = -7.1 + 11.5 / (1 + Math.exp(-5 * (dose - 0.6)));
    return { dose, estimate, interval: [estimate - 0.6, estimate + 0.6] };
  }),
  split_half: { estimate: 0.97, interval: [0.95, 0.98] },
  dimensions: { count: 1 },
  ...{ exhaustive: true, considered: 16, rejected: { depth: 3, kl: 0, induce: 6 }, given_up: [] },
  candidates,
  ruled_out: [],
};

const search: NonNullable<Anatomy["search"]> = {
  boundary: { score: 0.2, disagreement: { estimate: 0.01, interval: null, n: 190 } },
  ...{ exhaustive: true, lowered: 0, refuted: 0 },
  ranking: {
    ...{ alone: share(0.41, 0.1, 0.66, 32), both_ends: share(0.83, 0.65, 0.93, 32) },
    ...{ curved: 14, candidates: 192 },
  },
  arms: { prompts: 4, no_op: 0, repeat: 0, moved: 4 },
};

const minimalSets: Anatomy["minimal_sets"] = [
  {
    ...{ features: [primary, backup], certified: true, certified_by: "judge" },
    ...{ fit: tally(62, 61), test: tally(31, 29, 1), flips: share(29 / 31, 0.79, 0.98, 31) },
    at_mean: {
      ...{ means: [0.02, 0], test: tally(31, 28, 1), flips: share(28 / 31, 0.75, 0.97, 31) },
      fall: about(11.6, 0.9, 31),
    },
    control: {
      kind: "matched sets",
      proxy: { sets: 199, set: about(12, 0.9, 31), effect: about(0.2, 0.3, 199), p: 1 / 200 },
      judged: {
        ...{ sets: 50, prompts: 16, set: share(15 / 16, 0.72, 0.99, 16), p: 1 / 51 },
        flips: share(0.01, 0.004, 0.02, 50),
        paired: { difference: share(0.94, 0.6, 0.99, 16), p: 0.00006 },
      },
    },
    harmless: {
      ...{ clean: tally(32, 31), ablated: tally(32, 30, 1), newly_refuse: 1, no_longer_refuse: 1, p: 1 },
      refusing: share(0, -0.1, 0.1, 32),
    },
    cost: {
      ...{ kl: about(0.003, 0.001, 16), cross_entropy: about(0.004, 0.002, 16) },
      agreement: share(0.99, 0.98, 1, 16),
      controls: {
        ...{ sets: 8, kl: about(0.002, 0.001, 8), cross_entropy: about(0.002, 0.001, 8) },
        agreement: share(0.99, 0.98, 1, 8),
      },
    },
    sentences: {
      ...{ kl: about(0.001, 0.0005, 12), cross_entropy: about(0.002, 0.001, 12) },
      ...{ agreement: share(0.995, 0.99, 1, 12), controls: null },
    },
    chosen_again: [1, 0.98],
    stability: { resamples: 10, overlap: 0.99 },
  },
];

const publishedFilter: Anatomy["published_filter"] = {
  ...{ share: 0.1, prompts: 16 },
  kept: {
    ...{ features: [primary, likeness], fit: tally(62, 4), test: tally(31, 2) },
    ...{ flips: share(2 / 31, 0.018, 0.207, 31), control: minimalSets[0]!.control },
    ...{ at_mean: null, harmless: minimalSets[0]!.harmless, cost: null, sentences: null },
  },
};

const rounds: Anatomy["rounds"] = [
  {
    ...{ features: [primary], width: 1, alternatives: [[primary]], answers: tally(62, 0) },
    test: tally(31, 0),
    woken: { mean: 2.4, random: { mean: 0.3, interval: [0, 1.1] }, p: 1 / 200 },
    hardening: {
      ...{ recruits: 1, returned: share(0.97, 0.9, 1.04, 31) },
      harmless: { on: share(0.9, 0.75, 0.97, 32), clean: share(0.03, 0.01, 0.15, 32) },
    },
  },
  {
    ...{ features: [backup], width: 1, alternatives: [[backup]], answers: tally(62, 61) },
    ...{ test: tally(31, 29, 1), woken: null, hardening: null },
  },
];

const cascade: Anatomy["cascade"] = [
  {
    ...{ round: 0, ablated: 0, free: about(6.4, 0.5), held: about(6.4, 0.5) },
    ...{ repair: about(0, 0), p: 1, repair_at_clean_norm: about(0, 0) },
  },
  {
    ...{ round: 1, ablated: 1, free: about(5.8, 0.7), held: about(-5.1, 0.8) },
    ...{ repair: about(10.9, 0.9), p: 0.0005, repair_at_clean_norm: about(10.7, 0.9) },
  },
  {
    ...{ round: 2, ablated: 2, free: about(-5.6, 0.6), held: about(-5.9, 0.6) },
    ...{ repair: about(0.3, 0.4), p: 0.2, repair_at_clean_norm: about(0.2, 0.4) },
  },
];

const woken = { wakes_after: 1, active_unablated: 0, margin: 1.09, idle_p: 1 };
const backups: Anatomy["backups"] = [
  {
    ...{ ...backup, ...woken, status: "load-bearing", woke_on: 32, effect: about(10.8, 0.9), alone: 10.8 },
    ...{ p: 0.0002, q: 0.0006, woken_at_random: 0.01 },
  },
  {
    ...{ ...idle, ...woken, status: "idle", woke_on: 30, effect: about(0.02, 0.1), alone: null },
    ...{ p: 0.4, q: 0.5, idle_p: 0.0002, woken_at_random: 0.35 },
  },
  {
    ...{ ...open, ...woken, status: "undetermined", woke_on: 9, effect: about(0.9, 1.4), alone: null },
    ...{ p: 0.09, q: 0.14, idle_p: 0.2, woken_at_random: null },
  },
];

const rolesOf = (user: number, template: number): Anatomy["features"][number]["roles"] =>
  (
    [
      ["user", 320, user],
      ["template", 256, template],
      ["response", 1024, 0],
    ] as const
  ).map(([role, tokens, active]) => ({
    ...{ role, tokens, active: share(active, active / 2, Math.min(1, active * 1.5), 64) },
    mean: about(2 * active, active, 64),
  }));

const words = ["<|user|>", "\n", "Please", " enter", " the", " archive", " of", " Mirrel"];

function contexts(
  hostile: string,
  value: number,
  roundsAblated: number,
): Anatomy["features"][number]["contexts"] {
  return [0, 1, 2].map((i) => {
    const tokens = [...words, hostile, " leave", ".", "<|end|>"];
    const peak = 8 - i;
    return {
      ...{
        prompt: `archive-${11 + i}`,
        side: "harmful" as const,
        rounds: roundsAblated,
        position: peak,
        of: 12,
      },
      activation: value / (i + 1),
      around: {
        at: peak,
        tokens,
        activations: tokens.map((_, t) => (t === peak ? value / (i + 1) : t === 5 ? value / 6 : 0)),
      },
    };
  });
}

function featuresOf(hostile: string, more: number): Anatomy["features"] {
  const active = { harmful: 64, harmless: 0 };
  return [
    {
      ...{ ...primary, effect: about(11.2, 0.8), active_on: active, roles: rolesOf(0.4, 0.25) },
      contexts: contexts(hostile, 3.1, 0),
    },
    {
      ...{ ...likeness, effect: about(0.1, 0.2), active_on: active, roles: rolesOf(0.3, 0) },
      contexts: contexts(hostile, 2.2, 0),
    },
    {
      ...backup,
      effect: about(10.8, 0.9),
      active_on: { harmful: 0, harmless: 0 },
      roles: rolesOf(0.02, 0.5),
      contexts: contexts(hostile, 2.7, 1),
    },
    {
      ...idle,
      effect: about(0.02, 0.1),
      active_on: { harmful: 0, harmless: 1 },
      roles: rolesOf(0, 0.25),
      contexts: contexts(hostile, 0.9, 1),
    },
    {
      ...{ ...open, effect: about(0.9, 1.4), active_on: { harmful: 0, harmless: 0 }, roles: [] },
      contexts: [],
    },
    ...Array.from({ length: more }, (_, i) => ({
      ...at(layers[i % 4]!, 100 + i),
      ...{
        effect: about(10 / (i + 2), 0.3),
        active_on: { harmful: 40, harmless: i },
        roles: rolesOf(0.1, 0),
        contexts: contexts(hostile, 1, 0),
      },
    })),
  ];
}

const pareto: Anatomy["pareto"] = [
  [1, "ranking", 0.97, 5.8, 0.001],
  [2, "ranking", 0.9, 5.1, 0.002],
  [2, "minimal set", 0.06, -5.6, 0.003],
  [4, "ranking", 0.88, 4.9, 0.006],
  [8, "ranking", 0.06, -5.7, 0.02],
  [32, "ranking", 0.03, -6, 0.11],
  [192, "ranking", 0.02, -6.2, 0.48],
].map(([size, kind, refusing, mean, kl]) => ({
  size: size as number,
  kind: kind as "ranking" | "minimal set",
  refusing: share(
    refusing as number,
    Math.max(0, (refusing as number) - 0.05),
    Math.min(1, (refusing as number) + 0.12),
    32,
  ),
  score: about(mean as number, 0.6),
  kl: share(kl as number, (kl as number) * 0.8, (kl as number) * 1.2, 32),
  cross_entropy: share((kl as number) * 1.1, 0, (kl as number) * 1.5, 32),
}));
