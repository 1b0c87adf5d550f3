/**
 * Findings about the learned projection: its accuracy on the scored half, compared with the same procedure on shuffled labels,
 * and
 * D with its f. D is computed second, and only for a map that is better than its control. A map that has learned nothing would
 * give a D that measures only noise.
 */
import type { InsideAbout } from "../../core/records/about.ts";
import { type CategoryDefinition, contrastWords, sideWords } from "../../core/records/category.ts";
import type { Finding } from "../../core/records/finding.ts";
import { idOf } from "../../core/records/finding-id.ts";
import { groupBy } from "../../stats/group.ts";
import { bootstrap, permutationTest } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import type { Answers } from "../common/answers.ts";
import { projectionDeals, smallestCell } from "../common/choices.ts";
import { type Draft, missing, settle } from "../common/draft.ts";
import { between, percent } from "../common/say.ts";
import { balancedAccuracy, type HeldOut, type Hit } from "../features/projection.ts";
import { agreement } from "./divergence-findings.ts";
import { type MeasuredInside, through } from "./inside.ts";

const unit = "balanced accuracy";
const overallQuestion =
  "Does the learned projection recognize the categories on prompts that it was not fitted on?";
const divergenceQuestion =
  "Does f of the learned projection agree with the answers better than another prompt's f does?";

/** An SAE's inside view, and a function that gives its findings their names. */
interface Seen {
  inside: MeasuredInside;
  named: (draft: Draft<InsideAbout>) => Draft<InsideAbout>;
}

/**
 * The findings for SAEs whose tests are corrected together. Accuracy is tested first and D after it. The order is fixed
 * beforehand,
 * so the second test does not make the correction of the first stronger.
 */
export function projectionFindings(run: Answers, group: string, seen: readonly Seen[]): Finding[] {
  const accuracies = seen.map(({ inside, named }) => accuracyDrafts(run, inside).map(named));
  const settled = settle(group, accuracies.flat(), run.level);
  const status = new Map(settled.map((finding) => [finding.id, finding.status]));
  const divergences = seen.map(({ inside, named }, i) => {
    const [overall] = accuracies[i]!;
    return named(divergenceDraft(run, inside, status.get(idOf(overall!.about)) === "found"));
  });
  return [...settled, ...settle(group, divergences, run.level)];
}

/** The first draft is over all categories, the others are one per category. */
function accuracyDrafts(run: Answers, inside: MeasuredInside): Draft<InsideAbout>[] {
  const overall = {
    about: { kind: "projection_accuracy", ...through(inside) },
    question: overallQuestion,
  } as const;
  const nothing = (reason: string, n = 0) => missing({ ...overall, unit, n, reason });
  if (!inside.measured) return [nothing(inside.reason)];
  const { held_out } = inside.projection!.learned;
  const told = held_out.filter((one) => Math.min(...promptsOf(one)) >= smallestCell);
  return [
    told.length === 0
      ? nothing(`undetermined: no category has ${smallestCell} prompts on each side in the scored half.`)
      : overallDraft(run, overall, told),
    ...held_out.map((one) => categoryDraft(run, inside, one)),
    ...inside.categories.left_out.map(({ name, reason }) =>
      missing({
        ...ofCategory(inside, name),
        unit,
        reason: `not measured: category ${name} was left out (${reason}).`,
      }),
    ),
  ];
}

type Asked = Pick<Draft<InsideAbout>, "about" | "question">;

const ofCategory = (inside: MeasuredInside, name: string): Asked => ({
  about: { kind: "projection_accuracy", category: name, ...through(inside) },
  question: `Does the learned projection recognize ${name.replaceAll("_", " ")} on prompts that it was not fitted on?`,
});

function categoryDraft(run: Answers, inside: MeasuredInside, one: HeldOut): Draft<InsideAbout> {
  const { category, hits, dealt } = one;
  const named = ofCategory(inside, category.name);
  const sides = promptsOf(one);
  const words = `${sideWords(category.has)} from ${sideWords(category.lacks)}`;
  if (Math.min(...sides) < smallestCell)
    return missing({
      ...named,
      unit,
      n: hits.length,
      reason: `undetermined: ${contrastWords(category)}, ${sides.join(" and ")} prompts in the scored half; at least ${smallestCell} of each are needed.`,
    });
  return accuracyDraft(run, named, { hits: [{ category, hits }], dealt }, words);
}

function overallDraft(run: Answers, asked: Asked, told: readonly HeldOut[]): Draft<InsideAbout> {
  const dealt = Array.from({ length: projectionDeals }, (_, deal) =>
    mean(told.map((one) => one.dealt[deal]!)),
  );
  const words = `apart the two sides of ${told.length} ${told.length === 1 ? "category" : "categories"}`;
  return accuracyDraft(run, asked, { hits: told, dealt }, words);
}

/** The accuracy for one category, or the mean over several. */
function accuracyDraft(
  run: Answers,
  { about, question }: Asked,
  { hits, dealt }: { hits: readonly Pick<HeldOut, "category" | "hits">[]; dealt: readonly number[] },
  words: string,
): Draft<InsideAbout> {
  const items = hits.flatMap((one) => one.hits.map((hit) => ({ ...hit, category: one.category })));
  const statistic = (drawn: readonly (Hit & { category: CategoryDefinition })[]) =>
    mean(hits.map(({ category }) => balancedAccuracy(drawn.filter((hit) => hit.category === category))));
  const estimate = statistic(items);
  const interval = bootstrap({
    items,
    cluster: ({ cluster }) => cluster,
    statistic,
    resamples: run.resamples,
    level: run.level,
    random: run.random.split(idOf(about)),
  });
  let next = 0;
  const chance = permutationTest({
    observed: estimate,
    draw: () => dealt[next++]!,
    side: "greater",
    resamples: dealt.length,
    level: run.level,
    random: run.random,
  });
  const n = groupBy(items, ({ prompt }) => prompt).size;
  return {
    about,
    question,
    estimate,
    unit,
    interval,
    n,
    method: `balanced accuracy of a linear map with a margin loss on prompts that it was not fitted on, bootstrap over matched pairs; one-sided permutation test: features chosen and map fitted again on ${dealt.length} shuffles of the labels`,
    control: { kind: "shuffled labels", estimate: chance.mean, interval: chance.interval },
    sentence: `On ${n} prompts that it was not fitted on, the learned projection tells ${words} with a balanced accuracy of ${percent(estimate)} (${between(interval, run.level, percent)}); with shuffled labels it reaches ${percent(chance.mean)} (${between(chance.interval, run.level, percent)}).`,
    decision: { p: chance.p },
  };
}

const promptsOf = ({ hits }: HeldOut): [number, number] => [
  hits.filter(({ side }) => side === "has").length,
  hits.filter(({ side }) => side === "lacks").length,
];

/** @param learned whether the map was found to recognize the categories */
function divergenceDraft(run: Answers, inside: MeasuredInside, learned: boolean): Draft<InsideAbout> {
  const about = { kind: "projection_divergence", ...through(inside) } as const;
  const question = divergenceQuestion;
  if (!inside.measured) return missing({ about, question, unit: "D", reason: inside.reason });
  const { scores, learned: measured } = inside.projection!;
  const not = (reason: string) => missing({ about, question, unit: "D", reason: `not measured: ${reason}.` });
  if (!learned)
    return not("the learned projection was not found to recognize the categories better than chance");
  if (measured.projection.columns.length < 2)
    return not("with one category D does not depend on how active the features are");
  return agreement(run, scores, { about, question, features: "f of the learned projection" });
}
