/**
 * Measures how rounding to 8 or 4 bits changes a model. Both models read the same tokens; the findings give the distance and its
 * interval.
 */

import { formatNumber } from "../core/format.ts";
import { random } from "../core/random.ts";
import type { Fidelity } from "../core/records/fidelity.ts";
import type { Finding } from "../core/records/finding.ts";
import type { Precision } from "../core/records/precision.ts";
import type { LogitComparison } from "../stats/kl.ts";
import { wilson } from "../stats/proportion.ts";
import { bootstrap } from "../stats/resample.ts";
import { mean, quantile } from "../stats/summary.ts";
import { intervalLevel, intervalResamples } from "./common/choices.ts";
import { type Draft, settle } from "./common/draft.ts";
import { between } from "./common/say.ts";

/** @param answers the compared tokens of each prompt's answer; at least one answer has a token */
export function fidelityOf(answers: readonly (readonly LogitComparison[])[], seed: number): Fidelity {
  const tokens = answers.flatMap((answer, prompt) => answer.map((token) => ({ ...token, prompt })));
  const agreeing = tokens.filter(({ agrees }) => agrees).length;
  const divergences = tokens.map(({ kl }) => kl);
  return {
    prompts: answers.length,
    tokens: tokens.length,
    kl: {
      mean: mean(divergences),
      interval: bootstrap({
        items: tokens,
        cluster: ({ prompt }) => String(prompt),
        statistic: (drawn) => mean(drawn.map(({ kl }) => kl)),
        resamples: intervalResamples,
        level: intervalLevel,
        random: random(`${seed}/fidelity`),
      }),
      p95: quantile(divergences, 0.95),
    },
    top1: { share: agreeing / tokens.length, interval: wilson(agreeing, tokens.length, intervalLevel) },
    level: intervalLevel,
  };
}

/** e.g. "mean KL(fp32 ‖ int8) 0.0052 nats (95% interval 0.004 to 0.0067; 95th percentile 0.016), …". */
export function fidelityWords({ kl, top1, prompts, tokens, level }: Fidelity, precision: Precision): string {
  return (
    `mean KL(fp32 ‖ ${precision}) ${formatNumber(kl.mean)} nats (${between(kl.interval, level, formatNumber)}; 95th ` +
    `percentile ${formatNumber(kl.p95)}), the same best token ${share(top1.share)} of the time ` +
    `(${between(top1.interval, level, share)}), over ${tokens} tokens of ${prompts} answers`
  );
}

/** One digit more than other shares, because these shares are all near 100%. */
const share = (value: number): string => `${(100 * value).toFixed(1)}%`;

/** @param bound the largest mean KL in nats with which the run goes on */
export function fidelityFindings(fidelity: Fidelity, precision: Precision, bound: number): Finding[] {
  const { kl, top1, prompts, tokens, level } = fidelity;
  const common = { n: tokens, decision: { holds: true } } as const;
  const over = `over ${tokens} tokens of ${prompts} answers in fp32`;
  const drafts: Draft[] = [
    {
      ...common,
      about: { kind: "fidelity", measure: "kl" },
      question: `Does the model in ${precision} still predict nearly the same next-token distributions as in fp32?`,
      estimate: kl.mean,
      unit: "nats",
      interval: kl.interval,
      method: `mean KL(fp32 ‖ ${precision}) of the next token, both reading the same tokens; bootstrap over whole answers; found if the mean is at most the stated bound`,
      control: { kind: "the stated bound", estimate: bound, interval: null },
      sentence:
        `In ${precision} the model stays within the stated bound of the model in fp32: the mean KL is ` +
        `${formatNumber(kl.mean)} nats (${between(kl.interval, level, formatNumber)}; 95th percentile ${formatNumber(kl.p95)}) ` +
        `${over}, and the bound is ${formatNumber(bound)} nats.`,
      decision: { holds: kl.mean <= bound },
    },
    {
      ...common,
      about: { kind: "fidelity", measure: "top1" },
      question: `How often does the model in ${precision} have the same most probable next token as in fp32?`,
      estimate: top1.share,
      unit: "share",
      interval: top1.interval,
      method:
        "share of tokens with the same most probable next token; Wilson's interval, as if tokens were independent",
      control: { kind: "fp32 against itself", estimate: 1, interval: null },
      sentence:
        `The model in ${precision} has the same most probable next token as in fp32 for ${share(top1.share)} of the tokens ` +
        `(${between(top1.interval, level, share)}), ${over}.`,
    },
  ];
  return settle("fidelity", drafts, level);
}
