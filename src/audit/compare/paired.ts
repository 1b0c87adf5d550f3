/** Pairs the answers of two runs: the same prompts under the same templates, seeds and caps, after the same prefills. */
import { badInput } from "../../core/errors.ts";
import { canonicalJson } from "../../core/hash.ts";
import type { Observation, Prefill } from "../../core/records/observation.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import type { Verdict } from "../../core/records/verdict.ts";
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
  /** What was put into the model's mouth in some observations. */
  prefills: readonly Prefill[];
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
  const isIn = (run: ComparedRun) => (prefill: Prefill) => run.prefills.some((one) => isSame(one, prefill));
  const prefills = templates.has("chat") ? base.prefills.filter(isIn(other)) : [];
  const begun = new Set<string | null>([null, ...prefills.map(({ text }) => text)]);
  const joined = (run: ComparedRun): Answers => {
    const observations = run.observations.filter(
      ({ prompt_id, condition: { template, seed: sampling, prefill } }) =>
        ids.has(prompt_id) && templates.has(template) && seeds.has(sampling) && begun.has(prefill),
    );
    const keys = new Set(observations.map(({ key }) => key));
    const verdicts = run.verdicts.filter(({ observation, cap }) => keys.has(observation) && caps.has(cap));
    return joinAnswers({ prompts, observations, verdicts, prefills, saes: [], caps: [...caps], seed });
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
      ...rest("the prefill", new Set(prefills.map(quoted)), (run) => run.prefills.map(quoted)),
    ],
  };
}

const quoted = ({ text }: Prefill): string => JSON.stringify(text);

/** Another tokenizer may cut an opening elsewhere, so the text decides. */
const isSame = (one: Prefill, other: Prefill): boolean =>
  one.opening === other.opening && one.text === other.text;

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
