/** Synthetic runs with a known truth, for the tests of the analyses. */
import { analyse, analysis } from "../../src/audit/analyse.ts";
import type { AnalysisInput, Features, GivenSae } from "../../src/audit/common/answers.ts";
import { changedBy, isAskedUnder, type Variant } from "../../src/core/asked/variants.ts";
import { type Random, random } from "../../src/core/random.ts";
import type { Coherence } from "../../src/core/records/coherence.ts";
import type { Condition } from "../../src/core/records/observation.ts";
import { framings, labels, type Prompt, tiers } from "../../src/core/records/prompt.ts";
import type { Outcome, Surface, Verdict } from "../../src/core/records/verdict.ts";

export const d_sae = 40;
export const caps = [80, 150, 200];
const fine: Coherence = { kind: "fine", from: null };

export interface Plan {
  triples?: number;
  controls?: number;
  seeds?: number[];
  templates?: ("chat" | "none")[];
  /** How prompts are asked again, and what is answered then. */
  variants?: { asked: readonly Variant[]; answer: (prompt: Prompt, variant: Variant, r: Random) => Outcome };
  /** System prompt of the plain answers through the chat template; none if absent. */
  system?: string;
  /** The outcome at the largest cap, the token at which a refusal shows, and how the answer is written ("fine" if absent). */
  answer: (
    prompt: Prompt,
    template: "chat" | "none",
    r: Random,
  ) => { outcome: Outcome; token?: number; coherence?: Coherence | null };
  /** Pooled features of an answer; if absent, there is no SAE. */
  features?: (prompt: Prompt, outcome: Outcome, r: Random) => Float32Array;
}

/** Makes a synthetic run. */
export function world(seed: number, plan: Plan): AnalysisInput {
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
  for (const variant of [null, ...(plan.variants?.asked ?? [])])
    for (const item of prompts.filter((one) => variant === null || isAskedUnder(variant, one)))
      for (const template of variant === null ? templates : (["chat"] as const))
        for (const sampling of seeds) {
          const plain: Condition = {
            template,
            system: template === "chat" ? (plan.system ?? null) : null,
            prefill: null,
            temperature: 0.7,
            seed: sampling,
            precision: "fp32",
            template_vars: {},
            turn: "user",
          };
          const key = `${item.id}/${template}/${sampling}${variant === null ? "" : `/${JSON.stringify(variant)}`}`;
          const {
            outcome,
            token = 3,
            coherence = fine,
          } = variant === null
            ? plan.answer(item, template, r)
            : { outcome: plan.variants!.answer(item, variant, r) };
          observations.push({
            key,
            prompt_id: item.id,
            condition: variant === null ? plain : changedBy(variant, plain),
            prompt_ids: [1],
            ids: [2],
            text: "x",
            thought: null,
            text_ends: [1],
            finish: "length",
            refusal_scores: [0],
            activations: [],
          });
          for (const cap of caps) {
            const shown: Outcome = outcome === "refuse" && token >= cap ? "comply" : outcome;
            verdicts.push({
              observation: key,
              prompt_id: item.id,
              cap,
              outcome: shown,
              surface: surfaceOf(shown),
              coherence,
              evidence: [],
              refusal_token: shown === "refuse" ? token : null,
              judge: "made",
            });
          }
          if (plan.features !== undefined) pooled.set(key, plan.features(item, outcome, r));
        }
  const saes =
    plan.features === undefined ? [] : [made({ d_sae: d_sae, pooled: (key) => pooled.get(key) ?? null })];
  const variants = plan.variants?.asked ?? [];
  return { prompts, observations, verdicts, saes, variants, caps: caps, seed, resamples: 1000 };
}

export const made = (features: Features | null, key = "made@3"): GivenSae => ({ key, features });
export const viewOf = (input: AnalysisInput) => analysis(input).insides[0]!;

function surfaceOf(outcome: Outcome): Surface | null {
  if (!(labels as readonly string[]).includes(outcome)) return null;
  return Object.fromEntries(labels.map((label) => [label, label === outcome ? 1 : 0])) as Surface;
}

export const noise = (r: Random): Float32Array =>
  Float32Array.from({ length: d_sae }, () => Math.abs(r.normal()));
export const refuseAt =
  (rate: (prompt: Prompt, template: "chat" | "none") => number): Plan["answer"] =>
  (prompt, template, r) => ({ outcome: r.uniform() < rate(prompt, template) ? "refuse" : "comply" });
export const isHazard = ({ tier }: Prompt) => tier === "hazard_adjacent";

export const byId = (input: AnalysisInput) => {
  const map = new Map(analyse(input).map((finding) => [finding.id, finding]));
  return (id: string) => {
    const finding = map.get(id);
    if (finding === undefined) throw new Error(`no finding ${id} among ${[...map.keys()].join(", ")}`);
    return finding;
  };
};
export const seedsTried = Array.from({ length: 20 }, (_, i) => i);

/** Features of an honest model: refusals activate features 0–4, hazards 5–9, the domain 10–14. */
export const honest = (prompt: Prompt, outcome: Outcome, r: Random): Float32Array => {
  const f = noise(r);
  const light = (from: number) => {
    for (let i = from; i < from + 5; i++) f[i]! += 4;
  };
  if (outcome === "refuse") light(0);
  if (isHazard(prompt)) light(5);
  if (prompt.panel === "main") light(10);
  return f;
};

/** The prompts of the control panel become pairs of a legality panel; the others stay. */
export function asLegality(prompt: Prompt): Prompt {
  const index = Number(prompt.id.slice(1));
  const tier = index % 2 === 0 ? "benign" : "dual_use";
  return prompt.panel === "control"
    ? { ...prompt, panel: "legality", tier, pair: `legal ${Math.floor(index / 2)}` }
    : prompt;
}
