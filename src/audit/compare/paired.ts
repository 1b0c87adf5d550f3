/** Pairs the answers of two runs: the same prompts under the same templates, seeds and caps, asked again in the same ways. */

import { againOf, isSameVariant, type Variant, variantOf } from "../../core/asked/variants.ts";
import { badInput } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import type { Observation } from "../../core/records/observation.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import type { Verdict } from "../../core/records/verdict.ts";
import { againWords } from "../../core/records/words.ts";
import { type Answers, joinAnswers } from "../common/answers.ts";

export interface ComparedRun {
  /** As the findings name it. */
  name: string;
  /** As sentences and messages say it. */
  short: string;
  prompts: readonly Prompt[];
  observations: readonly Observation[];
  verdicts: readonly Verdict[];
  caps: readonly number[];
  /** How some prompts were asked again. */
  variants: readonly Variant[];
}

export interface Paired {
  base: Answers;
  other: Answers;
  /** What one run has and the other lacks, in sentences. */
  notes: string[];
}

/** @throws FathomError if the runs share no prompt, template, seed or cap, and if a prompt of both is not the same prompt */
export function paired(base: ComparedRun, other: ComparedRun, seed: number): Paired {
  const prompts = sharedPrompts(base, other);
  const ids = new Set(prompts.map(({ id }) => id));
  const shared = <T>(what: string, of: (run: ComparedRun) => readonly T[]): Set<T> => {
    const [first, second] = [new Set(of(base)), new Set(of(other))];
    const both = new Set([...first].filter((one) => second.has(one)));
    if (both.size > 0) return both;
    throw badInput(
      other.short,
      `${what}s of ${base.short}: ${[...first].join(", ")}`,
      [...second].join(", ") || "none",
      `a run with the same prompts and ${what}s`,
    );
  };
  const templates = shared("template", (run) => run.observations.map(({ condition }) => condition.template));
  const seeds = shared("seed", (run) => run.observations.map(({ condition }) => condition.seed));
  const caps = shared("cap", (run) => run.caps);
  const isIn = (run: ComparedRun, variant: Variant) =>
    run.variants.some((one) => isSameVariant(one, variant));
  const variants = templates.has("chat") ? base.variants.filter((variant) => isIn(other, variant)) : [];
  const isPaired = (variant: Variant | null) =>
    variant === null || variants.some((one) => isSameVariant(one, variant));
  const joined = (run: ComparedRun): Answers => {
    const observations = run.observations.filter(
      ({ prompt_id, condition }) =>
        ids.has(prompt_id) &&
        templates.has(condition.template) &&
        seeds.has(condition.seed) &&
        isPaired(variantOf(condition, run.variants)),
    );
    const keys = new Set(observations.map(({ key }) => key));
    const verdicts = run.verdicts.filter(({ observation, cap }) => keys.has(observation) && caps.has(cap));
    return joinAnswers({ prompts, observations, verdicts, variants, saes: [], caps: [...caps], seed });
  };
  const rest = (what: string, all: ReadonlySet<unknown>, of: (run: ComparedRun) => readonly unknown[]) =>
    [base, other].flatMap((run) => {
      const alone = [...new Set(of(run))].filter((one) => !all.has(one));
      return alone.length === 0 ? [] : [`Only in ${run.short}, and left out: ${what} ${alone.join(", ")}.`];
    });
  return {
    base: joined(base),
    other: joined(other),
    notes: [
      ...[base, other].flatMap(({ short, prompts: own }) =>
        own.length === prompts.length
          ? []
          : [
              `Only ${prompts.length} of the ${own.length} prompts of ${short} are in both runs; the others are left out.`,
            ],
      ),
      ...rest("template", templates, (run) => run.observations.map(({ condition }) => condition.template)),
      ...rest("seed", seeds, (run) => run.observations.map(({ condition }) => condition.seed)),
      ...rest("cap", caps, (run) => run.caps),
      ...[base, other].flatMap((run) => {
        const alone = run.variants.filter((variant) => !isPaired(variant));
        const said = alone.map((variant) => againWords(againOf(variant)));
        return said.length === 0 ? [] : [`Only in ${run.short}, and left out: answers ${said.join("; ")}.`];
      }),
    ],
  };
}

function sharedPrompts(base: ComparedRun, other: ComparedRun): Prompt[] {
  const theirs = new Map(other.prompts.map((prompt) => [prompt.id, prompt]));
  const shared = base.prompts.filter(({ id }) => theirs.has(id));
  if (shared.length === 0)
    throw badInput(
      other.short,
      `prompts of ${base.short}`,
      "none of them",
      "runs that asked the same prompt set",
    );
  for (const prompt of shared) {
    const own = theirs.get(prompt.id)!;
    const key = (["prompt", "turns", "tier", "framing", "panel", "pair"] as const).find(
      (one) => canonicalJson(own[one] ?? null) !== canonicalJson(prompt[one] ?? null),
    );
    if (key !== undefined)
      throw badInput(
        `${other.short} prompt ${prompt.id}`,
        `the ${key === "prompt" ? "text" : key === "turns" ? "earlier turns" : key} that it has in ${base.short}`,
        "another",
        "runs that asked the same prompt set",
      );
  }
  return shared;
}
