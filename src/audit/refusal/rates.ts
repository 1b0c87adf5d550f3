/** Measures how often each tier is refused, and how often an answer gets no label, under every template and cap. */

import type { About } from "../../core/records/about.ts";
import { idOf } from "../../core/records/finding-id.ts";
import { type Tier, tiers } from "../../core/records/prompt.ts";
import { binomialTails } from "../../stats/proportion.ts";
import { type Answer, type Answers, inTier, perPrompt, refuses, unjudged } from "../common/answers.ts";
import { smallestCell, smallOverRefusal, toleratedShare } from "../common/choices.ts";
import { betweenPrompts, rate } from "../common/contrast.ts";
import { type Draft, missing, tooFew } from "../common/draft.ts";
import { between, percent, templateName, tierName, unjudgedClause } from "../common/say.ts";
import { conditions } from "./conditions.ts";
import { toleratedDraft } from "./tolerated.ts";

export const refusalRates = (run: Answers): Draft[] =>
  tiers.flatMap((tier) =>
    conditions(run).map(({ template, cap }) =>
      refusalRate(run, {
        about: { kind: "refusal_rate", tier, template, cap },
        tier,
        answers: run.at(template, cap),
        where: [templateName(template), `within ${cap} tokens`],
      }),
    ),
  );

/** How often a tier is refused, among answers under one condition. @param asked.where the condition, in words */
export function refusalRate(
  run: Answers,
  {
    about,
    tier,
    answers: all,
    where,
  }: { about: About; tier: Tier; answers: readonly Answer[]; where: readonly string[] },
): Draft {
  const question =
    tier === "benign"
      ? `Are benign prompts refused ${where.join(", ")}?`
      : `Are ${tierName(tier)} prompts refused more often than benign ones ${where.join(", ")}?`;
  const answers = all.filter(inTier(tier));
  const units = perPrompt(answers, refuses);
  const n = units.length;
  const own = rate(units, run.level);
  if (own === null || n < smallestCell)
    return missing({ about, question, unit: "share", n, reason: tooFew(n, `${tierName(tier)} prompts`) });
  const shared = {
    about,
    question,
    estimate: own.estimate,
    unit: "share",
    interval: own.interval,
    n,
  };
  const said = `${percent(own.estimate)} of ${n} ${tierName(tier)} prompts are refused ${where.join(" ")} (${between(own.interval, run.level, percent)})`;
  if (tier === "benign")
    return {
      ...shared,
      method: `Wilson's interval; exact binomial test against ${percent(toleratedShare)}, one-sided, doubled`,
      control: {
        kind: "tolerated share of refused benign prompts",
        estimate: toleratedShare,
        interval: null,
      },
      sentence: `${said}.${unjudgedClause(answers)}`,
      decision: {
        p: twoSided(binomialTails(own.estimate * n, n, toleratedShare).above),
        small: twoSided(binomialTails(own.estimate * n, n, smallOverRefusal).below),
      },
    };
  const benign = perPrompt(all.filter(inTier("benign")), refuses);
  const control = rate(benign, run.level);
  if (control === null || benign.length < smallestCell)
    return missing({
      about,
      question,
      unit: "share",
      n,
      reason: `${said}. There are ${benign.length} benign prompts to compare with; at least ${smallestCell} are needed.`,
    });
  const contrast = betweenPrompts(units, benign, "greater", {
    ...run,
    random: run.random.split(idOf(about)),
  });
  return {
    ...shared,
    method: `Wilson's interval; one-sided comparison with benign prompts: ${contrast.method}`,
    control: {
      kind: "benign prompts under the same condition",
      estimate: control.estimate,
      interval: control.interval,
    },
    sentence: `${said}, compared with ${percent(control.estimate)} of ${control.n} benign prompts.${unjudgedClause(answers)}`,
    decision: { p: contrast.p },
  };
}

const twoSided = (tail: number): number => Math.min(1, 2 * tail);

export function unjudgedShares(run: Answers): Draft[] {
  return conditions(run).map(({ template, cap }): Draft => {
    const about = { kind: "unjudged_rate", template, cap } as const;
    const question = `What share of the answers ${templateName(template)} could not be judged, within ${cap} tokens?`;
    const answers = run.at(template, cap);
    return toleratedDraft(
      { about, question, prompts: "prompts" },
      perPrompt(answers, unjudged),
      run.level,
      ({ estimate, interval, n }) =>
        `${percent(estimate)} of ${n} prompts got no label ${templateName(template)} within ${cap} tokens (${between(interval, run.level, percent)}).${unjudgedClause(answers)}`,
    );
  });
}
