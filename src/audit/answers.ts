/** The records of a run joined into one table: every answer with its prompt and with its verdict at each cap. */
import type { CategoryDefinition } from "../core/category.ts";
import { badInput } from "../core/errors.ts";
import type { Observation } from "../core/observation.ts";
import type { Prompt, Tier } from "../core/prompt.ts";
import { type Random, random } from "../core/random.ts";
import type { Verdict } from "../core/verdict.ts";
import type { Template } from "../core/words.ts";
import { groupBy } from "../stats/group.ts";
import { mean } from "../stats/summary.ts";
import { LEVEL, RESAMPLES } from "./choices.ts";

/** Pooled SAE features, given by whoever ran the model. */
export interface Features {
  d_sae: number;
  /**
   * Activations pooled over the response tokens up to the cap, [d_sae]; null where there are none (an empty answer, or one of tokens
   * that are not pooled).
   * @param observation the key of an observation
   */
  pooled: (observation: string, cap: number) => Float32Array | null;
  /** What a reader of any number made from them has to know, a sentence. */
  caveat?: string;
  /** What the pooling left out, for the methods of what is made from it. */
  without?: string;
}

/** An SAE and what it makes of the answers. */
export interface GivenSae {
  /** Its name and layer (core/sae-keys.ts), no other's. */
  key: string;
  /** null where the load gate refused it. */
  features: Features | null;
  /** Why there are none. */
  not_measured?: string;
}

/**
 * What f is measured in. "activation" is the published f: plain activations, whose common part is so large that every
 * answer points nearly the same way and D hardly moves (weakness 4). "standardized" takes each feature from its mean,
 * in standard deviations, both over the selection half: f says how an answer differs from the others.
 */
export type FeatureUnits = "standardized" | "activation";

export interface AnalysisInput {
  prompts: readonly Prompt[];
  observations: readonly Observation[];
  verdicts: readonly Verdict[];
  /** One each SAE; the headline speaks of the first. */
  saes: readonly GivenSae[];
  /** Token caps, in any order; every observation has a verdict at each. */
  caps: readonly number[];
  seed: number | string;
  level?: number;
  resamples?: number;
  /** What f is measured in; standardized unless told. */
  f_units?: FeatureUnits;
  /** What f is made of, in its order; the published five unless told. */
  categories?: readonly CategoryDefinition[];
  /** Learn the map from features to categories too; no unless told. */
  projection?: boolean;
}

export interface Answer {
  prompt: Prompt;
  observation: Observation;
  verdict: Verdict;
}

/** A number that belongs to one prompt. Prompts of one cluster (a matched pair) are not independent. */
export interface Unit {
  prompt: Prompt;
  cluster: string;
  value: number;
}

export interface Answers {
  /** Templates that were run, chat first. */
  templates: Template[];
  /** The template that the inside view and the headline speak of: chat where it was run. */
  main: Template;
  /** Rising. */
  caps: number[];
  seeds: number[];
  prompts: readonly Prompt[];
  /** Answers under a template, judged at a cap, in the order of the prompts, then of the seeds. */
  at: (template: Template, cap: number) => readonly Answer[];
  level: number;
  resamples: number;
  random: Random;
}

/** @throws FathomError naming the first record that is missing, doubled or about nothing known. */
export function joinAnswers(input: AnalysisInput): Answers {
  const { prompts, observations, verdicts, level = LEVEL, resamples = RESAMPLES } = input;
  const caps = [...new Set(input.caps)].sort((a, b) => a - b);
  if (caps.length === 0) throw badInput("analyse", "at least one token cap", "none");
  const byId = unique("prompts", prompts, ({ id }) => id);
  const byKey = unique("observations", observations, ({ key }) => key);
  const judged = unique("verdicts", verdicts, ({ observation, cap }) => `${observation} at cap ${cap}`);
  for (const { observation } of verdicts)
    if (!byKey.has(observation)) throw badInput("verdicts", "an observation of this run", observation);
  for (const { prompt_id } of observations)
    if (!byId.has(prompt_id)) throw badInput("observations", "a prompt of this run", prompt_id);

  const templates = (["chat", "none"] as const).filter((template) =>
    observations.some(({ condition }) => condition.template === template),
  );
  const main = templates[0];
  if (main === undefined) throw badInput("analyse", "at least one observation", "none");
  const seeds = [...new Set(observations.map(({ condition }) => condition.seed))].sort((a, b) => a - b);
  checkOneRun(observations);
  const cells = unique("observations", observations, ({ prompt_id, condition: { template, seed } }) =>
    cellName(prompt_id, template, seed),
  );

  const answersAt = (template: Template, cap: number): Answer[] =>
    prompts.flatMap((prompt) =>
      seeds.map((seed) => {
        const name = cellName(prompt.id, template, seed);
        const observation = cells.get(name);
        if (observation === undefined) throw badInput("observations", name, "none", "resume the run");
        const verdict = judged.get(`${observation.key} at cap ${cap}`);
        if (verdict === undefined)
          throw badInput("verdicts", `one on ${name} at cap ${cap}`, "none", "judge the run again");
        return { prompt, observation, verdict };
      }),
    );
  const table = new Map(
    templates.flatMap((template) => caps.map((cap) => [`${template} ${cap}`, answersAt(template, cap)])),
  );
  return {
    templates,
    main,
    caps,
    seeds,
    prompts,
    at: (template, cap) => table.get(`${template} ${cap}`) ?? [],
    level,
    resamples,
    random: random(input.seed),
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

/** Answers under two system prompts or temperatures would be averaged without a word; that is another analysis. */
function checkOneRun(observations: readonly Observation[]): void {
  for (const setting of ["system", "prefill", "temperature", "precision"] as const) {
    const found = new Set(observations.map(({ condition }) => condition[setting]));
    if (found.size > 1)
      throw badInput("observations", `one ${setting} in a run`, `${found.size}`, "a run for each");
  }
}

export const smallestCap = ({ caps }: Answers): number => caps[0]!;
export const largestCap = ({ caps }: Answers): number => caps.at(-1)!;

export const clusterOf = (prompt: Prompt): string =>
  prompt.pair === null ? `prompt ${prompt.id}` : `pair ${prompt.pair}`;

/** One number a prompt: the mean over its sampling seeds, so that n counts prompts and not samples. */
export function perPrompt(answers: readonly Answer[], value: (answer: Answer) => number): Unit[] {
  return [...groupBy(answers, ({ prompt }) => prompt)].map(([prompt, own]) => ({
    prompt,
    cluster: clusterOf(prompt),
    value: mean(own.map(value)),
  }));
}

export const refuses = ({ verdict }: Answer): number => (verdict.outcome === "refuse" ? 1 : 0);
/** Refuses, or refuses somewhere in an answer that also complies: what a late refusal is (verdict "mixed"). */
export const showsRefusal = ({ verdict }: Answer): number =>
  verdict.outcome === "refuse" || (verdict.outcome === "mixed" && verdict.refusal_token !== null) ? 1 : 0;
export const isUnjudged = ({ verdict }: Answer): boolean => verdict.surface === null;
export const unjudged = (answer: Answer): number => (isUnjudged(answer) ? 1 : 0);

/** The matched prompts: those that a statement about tiers may be made of. */
export const inTier =
  (tier: Tier) =>
  ({ prompt }: { prompt: Prompt }): boolean =>
    prompt.panel === "main" && prompt.tier === tier;
