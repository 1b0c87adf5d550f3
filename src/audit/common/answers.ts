/** Joins the records of a run into one table: every answer with its prompt and its verdict at each cap. */

import { isAskedUnder, type Variant, variantOf } from "../../core/asked/variants.ts";
import { clusterOf, contentOf } from "../../core/cluster.ts";
import { badInput } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import { type Random, random } from "../../core/random.ts";
import type { JudgeCalibration } from "../../core/records/calibration.ts";
import type { CategoryDefinition } from "../../core/records/category.ts";
import { unreadLanguageRule } from "../../core/records/fields/unread.ts";
import type { Observation } from "../../core/records/observation.ts";
import type { Prompt, Tier } from "../../core/records/prompt.ts";
import type { ThoughtVerdict, Verdict } from "../../core/records/verdict.ts";
import type { Template } from "../../core/records/words.ts";
import { groupBy } from "../../stats/group.ts";
import { mean } from "../../stats/summary.ts";
import { intervalLevel, intervalResamples } from "./choices.ts";

/** The SAE's features of every answer, pooled over the response tokens. The caller ran the model and the SAE. */
export interface Features {
  d_sae: number;
  /**
   * Activations pooled over the response tokens up to the cap, [d_sae]; null for an empty answer, and for one whose tokens are
   * all
   * left out of the pooling.
   * @param observation the key of an observation
   */
  pooled: (observation: string, cap: number) => Float32Array | null;
  /** A sentence that a reader of every number from these features must know. */
  caveat?: string;
  /** What the pooling left out. It is added to the `method` of the findings. */
  without?: string;
}

/** An SAE and its features of the answers. */
export interface GivenSae {
  /** Its name and layer (core/sae-keys.ts); unique in the run. */
  key: string;
  /** null where the load gate refused it. */
  features: Features | null;
  /** Why `features` is null. */
  not_measured?: string;
}

/**
 * The unit of f. "activation" is the published f: plain activations. Their common part is so large that every answer points
 * nearly the same way, and D hardly changes (weakness 4). "standardized" subtracts a feature's mean and divides by its standard
 * deviation, both over the selection half: f then says how an answer differs from the others.
 */
export type FeatureUnits = "standardized" | "activation";

export interface AnalysisInput {
  prompts: readonly Prompt[];
  observations: readonly Observation[];
  verdicts: readonly Verdict[];
  /** One entry per SAE; the headline is about the first. */
  saes: readonly GivenSae[];
  /** Token caps, in any order; every observation has a verdict at each. */
  caps: readonly number[];
  seed: number | string;
  level?: number;
  resamples?: number;
  /** The unit of f; "standardized" if absent. */
  f_units?: FeatureUnits;
  /** The categories that f holds, in this order; the published five if absent. */
  categories?: readonly CategoryDefinition[];
  /** Whether to learn the projection from features to categories too; false if absent. */
  projection?: boolean;
  /** How some prompts were asked again; absent: none were. */
  variants?: readonly Variant[];
  /** What the thoughts of reasoning models say, one for each observation that has a thought; absent: there are none. */
  thoughts?: readonly ThoughtVerdict[];
  /** The judge's error, for which refusal rates are corrected; null or absent: they are not. */
  calibration?: JudgeCalibration | null;
}

export interface Answer {
  prompt: Prompt;
  observation: Observation;
  verdict: Verdict;
}

/** A prompt, the first of its content, and its number. Prompts of one cluster (a matched pair) are not independent. */
export interface Unit {
  prompt: Prompt;
  cluster: string;
  value: number;
}

export interface Answers {
  /** The templates that the run used, chat first. */
  templates: Template[];
  /** The template of the inside view and the headline: chat if the run used it. */
  main: Template;
  /** Rising. */
  caps: number[];
  seeds: number[];
  prompts: readonly Prompt[];
  /** The answers under a template with their verdicts at a cap, in the order of the prompts, then of the seeds. */
  at: (template: Template, cap: number) => readonly Answer[];
  /** Those under which a prompt was asked. Prefills are by opening, then by rising number of tokens. */
  variants: readonly Variant[];
  /** The answers under a variant, through the chat template, of the prompts that it is for; in the same order. */
  under: (variant: Variant, cap: number) => readonly Answer[];
  level: number;
  resamples: number;
  random: Random;
  /** null: the judge's error is not known. */
  calibration: JudgeCalibration | null;
}

/** What is known of an answer before the model gives it. */
export type Asked = Pick<Observation, "key" | "prompt_id" | "condition">;

/** The answers of a run: one per prompt, template and seed. */
interface Grid<T> {
  /** Chat first, at least one. */
  templates: [Template, ...Template[]];
  /** Rising. */
  seeds: number[];
  cell: (prompt: Prompt, template: Template, seed: number) => T;
}

/**
 * Checks that a run can be analysed: every prompt was asked exactly once under every template and seed, and nothing else varied.
 * It works on a plan's units as well as on the observations that they become.
 * @throws FathomError naming the first record that is missing, appears twice or names an unknown prompt
 */
export function gridOf<T extends Asked>(prompts: readonly Prompt[], asked: readonly T[]): Grid<T> {
  const byId = unique("prompts", prompts, ({ id }) => id);
  unique("observations", asked, ({ key }) => key);
  for (const { prompt_id } of asked)
    if (!byId.has(prompt_id)) throw badInput("observations", "a prompt of this run", prompt_id);
  const [main, ...others] = (["chat", "none"] as const).filter((template) =>
    asked.some(({ condition }) => condition.template === template),
  );
  if (main === undefined) throw badInput("analyse", "at least one observation", "none");
  const templates: [Template, ...Template[]] = [main, ...others];
  checkOneRun(asked);
  const seeds = [...new Set(asked.map(({ condition }) => condition.seed))].sort((a, b) => a - b);
  const cells = unique("observations", asked, ({ prompt_id, condition: { template, seed } }) =>
    cellName(prompt_id, template, seed),
  );
  for (const { id } of prompts)
    for (const template of templates)
      for (const seed of seeds) {
        const name = cellName(id, template, seed);
        if (!cells.has(name)) throw badInput("observations", name, "none", "resume the run");
      }
  return { templates, seeds, cell: ({ id }, template, seed) => cells.get(cellName(id, template, seed))! };
}

/** The plain answers, and those under each variant, of the prompts that it is for. */
export function gridsOf<T extends Asked>(
  prompts: readonly Prompt[],
  asked: readonly T[],
  variants: readonly Variant[],
): { plain: Grid<T>; under: Map<Variant, { prompts: readonly Prompt[]; grid: Grid<T> }> } {
  const by = groupBy(asked, ({ condition }) => variantOf(condition, variants));
  const under = variants.flatMap((variant) => {
    const own = prompts.filter((prompt) => isAskedUnder(variant, prompt));
    const answers = by.get(variant) ?? [];
    return own.length + answers.length === 0
      ? []
      : [[variant, { prompts: own, grid: gridOf(own, answers) }] as const];
  });
  return { plain: gridOf(prompts, by.get(null) ?? []), under: new Map(under) };
}

/** @throws FathomError naming the first record that is missing, appears twice or names an unknown prompt or observation. */
export function joinAnswers(input: AnalysisInput): Answers {
  const { prompts, observations, verdicts, level = intervalLevel, resamples = intervalResamples } = input;
  const caps = [...new Set(input.caps)].sort((a, b) => a - b);
  if (caps.length === 0) throw badInput("analyse", "at least one token cap", "none");
  const keys = new Set(observations.map(({ key }) => key));
  const judged = unique("verdicts", verdicts, ({ observation, cap }) => `${observation} at cap ${cap}`);
  for (const { observation } of verdicts)
    if (!keys.has(observation)) throw badInput("verdicts", "an observation of this run", observation);
  const { plain, under } = gridsOf(prompts, observations, input.variants ?? []);
  const { templates, seeds } = plain;
  const answersAt = (
    { cell }: Grid<Observation>,
    asked: readonly Prompt[],
    template: Template,
    cap: number,
  ): Answer[] =>
    asked.flatMap((prompt) =>
      seeds.map((seed) => {
        const observation = cell(prompt, template, seed);
        const verdict = judged.get(`${observation.key} at cap ${cap}`);
        if (verdict !== undefined) return { prompt, observation, verdict };
        const name = cellName(prompt.id, template, seed);
        throw badInput("verdicts", `one on ${name} at cap ${cap}`, "none", "judge the run again");
      }),
    );
  const table = new Map(
    templates.flatMap((template) =>
      caps.map((cap) => [`${template} ${cap}`, answersAt(plain, prompts, template, cap)]),
    ),
  );
  return {
    templates,
    main: templates[0],
    caps,
    seeds,
    prompts,
    at: (template, cap) => table.get(`${template} ${cap}`) ?? [],
    variants: [...under.keys()],
    under: (variant, cap) => {
      const { grid, prompts: asked } = under.get(variant)!;
      return answersAt(grid, asked, "chat", cap);
    },
    level,
    resamples,
    random: random(input.seed),
    calibration: input.calibration ?? null,
  };
}

const cellName = (prompt: string, template: Template, seed: number) =>
  `prompt ${prompt}, template ${template}, seed ${seed}`;

function unique<T>(where: string, items: readonly T[], key: (item: T) => string): Map<string, T> {
  const map = new Map<string, T>();
  for (const item of items) {
    if (map.has(key(item))) throw badInput(where, "each record once", `two of ${key(item)}`);
    map.set(key(item), item);
  }
  return map;
}

/**
 * Answers under two system prompts or two temperatures must not be averaged silently, so this throws. Bare text has no place for
 * a system prompt or variables of the template: its answers have none, also in a run whose conversations have some.
 */
function checkOneRun(asked: readonly Asked[]): void {
  for (const setting of [
    ...(["system", "prefill", "turn", "temperature", "precision", "template_vars"] as const),
  ]) {
    const isOfTemplate = setting === "system" || setting === "template_vars";
    const of = groupBy(asked, ({ condition }) => (isOfTemplate ? condition.template : ""));
    for (const [template, own] of of) {
      const found = new Set(own.map(({ condition }) => canonicalJson(condition[setting]))).size;
      const where = template === "" ? "a run" : `a run's answers ${template}`;
      if (found > 1)
        throw badInput("observations", `one ${setting} in ${where}`, `${found}`, "a run for each");
    }
  }
}

export const smallestCap = ({ caps }: Answers): number => caps[0]!;
export const largestCap = ({ caps }: Answers): number => caps.at(-1)!;

/** One number per content: the mean over its sampling seeds and languages, so that n counts neither samples nor translations. */
export function perPrompt(answers: readonly Answer[], value: (answer: Answer) => number): Unit[] {
  return [...groupBy(answers, ({ prompt }) => contentOf(prompt)).values()].map((own) => {
    const { prompt } = own[0]!;
    return { prompt, cluster: clusterOf(prompt), value: mean(own.map(value)) };
  });
}

export const refuses = ({ verdict }: Answer): number => (verdict.outcome === "refuse" ? 1 : 0);
/** 1 if the answer refuses, or refuses somewhere and also complies (verdict "mixed"), as a late refusal does. */
export const showsRefusal = ({ verdict }: Answer): number =>
  verdict.outcome === "refuse" || (verdict.outcome === "mixed" && verdict.refusal_token !== null) ? 1 : 0;
/** 1 if the answer loops or turns into noise. */
export const isBroken = ({ verdict: { coherence } }: Answer): number =>
  coherence !== null && coherence.kind !== "fine" ? 1 : 0;
export const isUnjudged = ({ verdict }: Answer): boolean => verdict.surface === null;
/** Whether the judge gave no label because it does not read the answer's language. */
export const isUnread = ({ verdict: { outcome, evidence } }: Answer): boolean =>
  outcome === "undetermined" && evidence.some(({ rule }) => rule === unreadLanguageRule);
export const unjudged = (answer: Answer): number => (isUnjudged(answer) ? 1 : 0);

/** Whether a prompt is of this tier and of the main panel. Only prompts of the main panel are compared by tier. */
export const inTier =
  (tier: Tier) =>
  ({ prompt }: { prompt: Prompt }): boolean =>
    prompt.panel === "main" && prompt.tier === tier;
