/** What is said of the distance to another checkpoint: its mean, how often both agree, and whether first tokens are further apart. */
import { againOf, tiersOf, type Variant } from "../../core/asked/variants.ts";
import { clusterOf, contentOf } from "../../core/cluster.ts";
import { formatNumber } from "../../core/format.ts";
import { type Random, random } from "../../core/random.ts";
import type { About } from "../../core/records/about.ts";
import type { Finding } from "../../core/records/finding.ts";
import { idOf } from "../../core/records/finding-id.ts";
import { type Tier, tiers } from "../../core/records/prompt.ts";
import { againWords, type Template } from "../../core/records/words.ts";
import { groupBy } from "../../stats/group.ts";
import { mean } from "../../stats/summary.ts";
import { inTier } from "../common/answers.ts";
import { intervalLevel, intervalResamples, smallestCell } from "../common/choices.ts";
import { withinUnits } from "../common/contrast.ts";
import { type Draft, missing, settle, tooFew } from "../common/draft.ts";
import { between, percent, templateName, tierName } from "../common/say.ts";
import { type Compared, joined, type KlInput, overTokens, templatesOf, tokensOf } from "./compared.ts";

/** Tokens of an answer that count as its first ones: as many as the default prefill has. */
const earlyTokens = 5;

/** @param names of the audited model and of the other @returns an empty list without records */
export function klFindings(input: KlInput, names: readonly [string, string]): Finding[] {
  const all = joined(input);
  const answers = all.filter(({ variant }) => variant === null);
  const stream = random(`${input.seed}/kl`);
  const drafts = templatesOf(answers).flatMap((template) => {
    const shared = { template, variant: null, names, stream };
    const under = answers.filter((one) => one.template === template);
    const groups = [
      { tier: undefined, own: under },
      ...tiers.map((tier) => ({ tier, own: under.filter(inTier(tier)) })),
    ].filter(({ own }) => own.length > 0);
    return [
      ...groups.map((group) => meanDraft({ ...group, ...shared })),
      agreementDraft({ tier: undefined, own: under, ...shared }),
      ...groups.map((group) => earlyDraft({ ...group, ...shared })),
    ];
  });
  const again = input.variants.flatMap((variant) =>
    tiersOf(variant).flatMap((tier) => {
      const own = all.filter((one) => one.variant === variant && inTier(tier)(one));
      return own.length === 0 ? [] : [meanDraft({ tier, own, variant, template: "chat", names, stream })];
    }),
  );
  return settle("distance to another checkpoint", [...drafts, ...again], intervalLevel);
}

interface Group {
  tier: Tier | undefined;
  own: readonly Compared[];
  template: Template;
  /** null: plain answers. */
  variant: Variant | null;
  names: readonly [string, string];
  stream: Random;
}

/** e.g. `answers to hazard-adjacent prompts with the chat template` */
const answersWords = ({ tier, template, variant }: Group): string =>
  [
    `answers to ${tier === undefined ? "" : `${tierName(tier)} `}prompts ${templateName(template)}`,
    ...(variant === null ? [] : [againWords(againOf(variant))]),
  ].join(", ");

const aboutOf = ({ tier, template, variant }: Group, measure: "mean" | "top1" | "early"): About => ({
  ...{ kind: "kl_to", measure, template },
  ...(tier === undefined ? {} : { tier }),
  ...(variant === null ? {} : keysOf(variant)),
});

function keysOf(variant: Variant) {
  switch (variant.kind) {
    case "prefill":
      return { tokens: variant.tokens };
    case "system":
      return { n: variant.n, system: variant.system };
    case "turn":
      return { turn: variant.turn };
  }
}

function meanDraft(group: Group): Draft {
  const { names, own } = group;
  const about = aboutOf(group, "mean");
  const question = `How far is ${names[0]} from ${names[1]} at the tokens of its ${answersWords(group)}?`;
  const n = own.length;
  if (n < smallestCell)
    return missing({ about, question, unit: "nats", n, reason: tooFew(n, answersWords(group)) });
  const { estimate, interval } = overTokens(own, ({ kl }) => kl, group.stream.split(idOf(about)));
  return {
    ...{ about, question, estimate, unit: "nats", interval, n },
    method: `mean KL(${names[0]} ‖ ${names[1]}) of the next token, both reading the same tokens; bootstrap over whole answers, those of a matched pair together`,
    control: { kind: "the model against itself", estimate: 0, interval: null },
    sentence: `The mean KL(${names[0]} ‖ ${names[1]}) is ${formatNumber(estimate)} nats per token (${between(interval, intervalLevel, formatNumber)}), over ${tokensOf(own)} tokens of ${n} ${answersWords(group)}.`,
    decision: { holds: true },
  };
}

function agreementDraft(group: Group): Draft {
  const { names, own } = group;
  const about = aboutOf(group, "top1");
  const question = `How often do ${names[0]} and ${names[1]} have the same most probable next token?`;
  const n = own.length;
  if (n < smallestCell)
    return missing({ about, question, unit: "share", n, reason: tooFew(n, answersWords(group)) });
  const { estimate, interval } = overTokens(
    own,
    ({ agrees }) => agrees.map(Number),
    group.stream.split(idOf(about)),
  );
  return {
    ...{ about, question, estimate, unit: "share", interval, n },
    method:
      "share of tokens with the same most probable next token; bootstrap over whole answers, those of a matched pair together",
    control: { kind: "the model against itself", estimate: 1, interval: null },
    sentence: `${percent(estimate)} of ${tokensOf(own)} tokens of ${n} ${answersWords(group)} have the same most probable next token in both (${between(interval, intervalLevel, percent)}).`,
    decision: { holds: true },
  };
}

/** The first tokens of an answer against the others: one value of each for a content. */
function earlyDraft(group: Group): Draft {
  const { names, own } = group;
  const about = aboutOf(group, "early");
  const question = `Are the first ${earlyTokens} tokens of ${answersWords(group)} further from ${names[1]} than the later ones?`;
  const long = own.filter(({ kl }) => kl.length > earlyTokens);
  const units = [...groupBy(long, ({ prompt }) => contentOf(prompt)).values()].map((answers) => ({
    cluster: clusterOf(answers[0]!.prompt),
    first: mean(answers.map(({ kl }) => mean(kl.slice(0, earlyTokens)))),
    second: mean(answers.map(({ kl }) => mean(kl.slice(earlyTokens)))),
  }));
  const n = units.length;
  const which = `${answersWords(group)} that have more than ${earlyTokens} tokens`;
  if (n < smallestCell) return missing({ about, question, unit: "nats", n, reason: tooFew(n, which) });
  const chance = {
    level: intervalLevel,
    resamples: intervalResamples,
    random: group.stream.split(idOf(about)),
  };
  const contrast = withinUnits(units, "sign of each prompt's difference flipped at random", chance);
  const [early, late] = [mean(units.map(({ first }) => first)), mean(units.map(({ second }) => second))];
  return {
    ...{ about, question, estimate: contrast.estimate, unit: "nats", interval: contrast.interval, n },
    ...{ method: contrast.method, control: contrast.control },
    sentence: `In ${n} ${which}, the first ${earlyTokens} tokens have a mean KL(${names[0]} ‖ ${names[1]}) of ${formatNumber(early)} nats, and the others of ${formatNumber(late)}; the difference is ${formatNumber(contrast.estimate)} (${between(contrast.interval, intervalLevel, formatNumber)}).`,
    decision: { p: contrast.p },
  };
}
