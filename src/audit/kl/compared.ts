/**
 * How far the audited model is from another checkpoint, token by token: KL(audited ‖ other) over the tokens of its own answers. What a
 * fine-tune changed may lie in the first tokens of answers alone (Qi et al., arXiv 2406.05946, figure 1). Here: which answers are compared,
 * and the mean over their tokens.
 */
import { type Variant, variantOf } from "../../core/asked/variants.ts";
import { clusterOf } from "../../core/cluster.ts";
import { badInput } from "../../core/errors.ts";
import type { Random } from "../../core/random.ts";
import type { KlRecord } from "../../core/records/fidelity.ts";
import { answerIds, type Observation } from "../../core/records/observation.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import type { Template } from "../../core/records/words.ts";
import { groupBy } from "../../stats/group.ts";
import type { Interval } from "../../stats/proportion.ts";
import { bootstrap } from "../../stats/resample.ts";
import { intervalLevel, intervalResamples } from "../common/choices.ts";

/** The most answers of a tier under a template. */
export const sampledAnswers = 32;
/** The most tokens of an answer. */
export const sampledTokens = 128;

export interface KlInput {
  prompts: readonly Prompt[];
  observations: readonly Observation[];
  variants: readonly Variant[];
  records: readonly KlRecord[];
  seed: number | string;
}

/**
 * The answers that are compared: of those to prompts of the main panel that have a token, the same number for each tier and way of asking,
 * spread over the prompt set.
 */
export function klSample({
  prompts,
  observations,
  variants,
}: Omit<KlInput, "records" | "seed">): Observation[] {
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  const answers = observations.filter((one) => answerIds(one).length > 0);
  const cells = groupBy(answers, ({ condition, prompt_id }) => {
    const variant = variantOf(condition, variants);
    const asked = variant === null ? condition.template : variants.indexOf(variant);
    return `${asked} ${byId.get(prompt_id)!.tier}`;
  });
  return [...cells.values()].flatMap((cell) => {
    const own = cell.filter(({ prompt_id }) => byId.get(prompt_id)!.panel === "main");
    const n = Math.min(sampledAnswers, own.length);
    return Array.from({ length: n }, (_, i) => own[Math.floor((i * own.length) / n)]!);
  });
}

export interface Compared {
  prompt: Prompt;
  template: Template;
  /** How the prompt was asked again; null for a plain answer. */
  variant: Variant | null;
  kl: readonly number[];
  agrees: readonly boolean[];
}

/** @throws FathomError for a record of an answer that the run does not have */
export function joined({ prompts, observations, variants, records }: KlInput): Compared[] {
  const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  const byKey = new Map(observations.map((one) => [one.key, one]));
  return records.map(({ observation, kl, agrees }) => {
    const answer = byKey.get(observation);
    if (answer === undefined) throw badInput("kl", "an observation of this run", observation);
    const { prompt_id, condition } = answer;
    const variant = variantOf(condition, variants);
    return { prompt: byId.get(prompt_id)!, template: condition.template, variant, kl, agrees };
  });
}

export const templatesOf = (answers: readonly Compared[]): Template[] =>
  (["chat", "none"] as const).filter((template) => answers.some((one) => one.template === template));

export const tokensOf = (answers: readonly Compared[]): number =>
  answers.reduce((sum, { kl }) => sum + kl.length, 0);

/** The mean over all tokens of the answers, and its interval over whole answers, those of a matched pair together. */
export function overTokens(
  answers: readonly Compared[],
  values: (answer: Compared) => readonly number[],
  stream: Random,
): { estimate: number; interval: Interval | null } {
  // Sums, so that a resample does not go through all tokens again.
  const items = answers.map((answer) => {
    const own = values(answer);
    return { prompt: answer.prompt, sum: total(own), tokens: own.length };
  });
  const statistic = (drawn: readonly (typeof items)[number][]) =>
    total(drawn.map(({ sum }) => sum)) / total(drawn.map(({ tokens }) => tokens));
  const interval = bootstrap({
    ...{ items, random: stream, resamples: intervalResamples, level: intervalLevel },
    cluster: ({ prompt }) => clusterOf(prompt),
    statistic,
  });
  return { estimate: statistic(items), interval };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
