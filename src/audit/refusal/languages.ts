/**
 * What refusals do in each language of the prompt set, under the main template at the largest cap. A judge that does not read a language
 * gives its answers no label, and they would count as not refused: then there is no number.
 */
import { contentOf } from "../../core/cluster.ts";
import type { About } from "../../core/records/about.ts";
import { type Prompt, type Tier, tiers } from "../../core/records/prompt.ts";
import { groupBy } from "../../stats/group.ts";
import {
  type Answer,
  type Answers,
  inTier,
  isUnjudged,
  largestCap,
  perPrompt,
  refuses,
  unjudged,
} from "../common/answers.ts";
import { mostUnjudged, smallestCell } from "../common/choices.ts";
import { type Draft, missing } from "../common/draft.ts";
import { between, percent, templateName, tierName, unjudgedClause } from "../common/say.ts";
import { otherPrompts, samePrompts } from "./contrasts.ts";
import { refusalRate } from "./rates.ts";
import { toleratedDraft } from "./tolerated.ts";

/** How many prompts each language has; empty where prompts do not state theirs. */
export function promptsByLanguage(prompts: readonly Prompt[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { language } of prompts)
    if (language !== undefined) counts.set(language, (counts.get(language) ?? 0) + 1);
  return counts;
}

/** With the reference first: English if the set has it, else the language with the most prompts. The others in the order of the set. */
export function languagesOf(prompts: readonly Prompt[]): string[] {
  const counts = promptsByLanguage(prompts);
  const weight = (language: string) => (language === "en" ? Infinity : counts.get(language)!);
  const all = [...counts.keys()];
  const reference = all.reduce((best, one) => (weight(one) > weight(best) ? one : best), all[0] ?? "");
  return [...all.filter((one) => one === reference), ...all.filter((one) => one !== reference)];
}

/** Empty for a set in one language: its rates are those of the whole run. */
export function languageDrafts(run: Answers): Draft[] {
  const languages = languagesOf(run.prompts);
  const [reference, ...others] = languages;
  if (reference === undefined || others.length === 0) return [];
  const present = tiersIn(run);
  return [
    ...languages.flatMap((language) => present.map((tier) => rateIn(run, language, tier))),
    ...others.flatMap((language) => present.map((tier) => effect(run, language, reference, tier))),
    ...languages.map((language) => unjudgedIn(run, language)),
  ];
}

/** The tiers that the set has. */
export const tiersIn = ({ prompts }: Answers): Tier[] =>
  tiers.filter((tier) => prompts.some((prompt) => inTier(tier)({ prompt })));

/** The answers to prompts in a language. */
export const answersIn = (run: Answers, language: string): Answer[] =>
  run.at(run.main, largestCap(run)).filter(({ prompt }) => prompt.language === language);

function rateIn(run: Answers, language: string, tier: Tier): Draft {
  const about = { kind: "language_rate", language, tier } as const;
  const answers = answersIn(run, language);
  const where = [`in ${language}`, templateName(run.main), `within ${largestCap(run)} tokens`];
  const draft = refusalRate(run, { about, tier, answers, where });
  const compared = tier === "benign" ? [] : [answers.filter(inTier("benign"))];
  return onlyIfJudged(draft, [answers.filter(inTier(tier)), ...compared]);
}

/** A language against the reference, a loss being positive: over the contents that the set has in both, else over different prompts. */
function effect(run: Answers, language: string, than: string, tier: Tier): Draft {
  const about = { kind: "language_effect", language, than, tier } as const;
  const question = `Are ${tierName(tier)} prompts refused as often in ${language} as in ${than}?`;
  const [first, second] = sidesOf(run, [than, language], tier);
  const [ofFirst, ofSecond] = [byContent(first), byContent(second)];
  const shared = [...ofFirst.keys()].filter((content) => ofSecond.has(content));
  if (shared.length >= smallestCell) {
    const sides = {
      first: shared.flatMap((content) => ofFirst.get(content)!),
      second: shared.flatMap((content) => ofSecond.get(content)!),
      counted: refuses,
    };
    const what = `${tierName(tier)} prompts that the set has in both languages, ${templateName(run.main)}, judged at ${largestCap(run)} tokens`;
    const names: [string, string] = [`in ${than}`, `in ${language}`];
    const draft = samePrompts(run, { about, question, what, sides, names, verb: "are refused" });
    return onlyIfJudged(draft, [sides.first, sides.second]);
  }
  const [a, b] = [perPrompt(first, refuses), perPrompt(second, refuses)];
  const names: [string, string] = [`${tierName(tier)} prompts in ${than}`, `in ${language}`];
  const draft = otherPrompts(run, { about, question, side: "two-sided", a, b, names });
  const caveat = `The set has ${shared.length} of these prompts in both languages, so different prompts are compared: what is asked may make the difference, and not the language.`;
  const said =
    draft.estimate === null
      ? draft
      : { ...draft, sentence: `${draft.sentence} ${caveat}${unjudgedClause([...first, ...second])}` };
  return onlyIfJudged(said, [first, second]);
}

/** The answers to a tier's prompts in two languages. */
const sidesOf = (run: Answers, languages: readonly [string, string], tier: Tier): [Answer[], Answer[]] =>
  languages.map((language) => answersIn(run, language).filter(inTier(tier))) as [Answer[], Answer[]];

const byContent = (answers: readonly Answer[]): Map<string, Answer[]> =>
  groupBy(answers, ({ prompt }) => contentOf(prompt));

/** The draft, or why there is no number: with so many answers without a label it would be one of the judge, and not of the model. */
export function onlyIfJudged<A extends About>(
  draft: Draft<A>,
  sides: readonly (readonly Answer[])[],
): Draft<A> {
  const unread = sides.find((answers) => answers.filter(isUnjudged).length > mostUnjudged * answers.length);
  if (unread === undefined || draft.estimate === null) return draft;
  const { about, question, unit, n } = draft;
  const without = `${unread.filter(isUnjudged).length} of ${unread.length} answers to ${tierName(unread[0]!.prompt.tier)} prompts in ${unread[0]!.prompt.language!}`;
  const reason = `undetermined: ${without} have no label, more than ${percent(mostUnjudged)}; another judge may read them (--judges).`;
  return missing({ about, question, unit, n, reason });
}

function unjudgedIn(run: Answers, language: string): Draft {
  const about = { kind: "language_unjudged", language } as const;
  const question = `What share of the answers to prompts in ${language} could not be judged?`;
  const answers = answersIn(run, language);
  return toleratedDraft(
    { about, question, prompts: `prompts in ${language}` },
    perPrompt(answers, unjudged),
    run.level,
    ({ estimate, interval, n }) =>
      `${percent(estimate)} of ${n} prompts in ${language} got no label ${templateName(run.main)} within ${largestCap(run)} tokens (${between(interval, run.level, percent)}).${unjudgedClause(answers)}`,
  );
}
