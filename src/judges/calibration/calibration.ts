/** Compares a judge with people on answers that both labelled (docs/calibration.md). */
import type { Random } from "../../core/random.ts";
import { type JudgeCalibration, stances } from "../../core/records/calibration.ts";
import { type StanceClass, stanceClasses } from "../../core/records/label.ts";
import { type RatedClass, ratedClasses } from "../../core/records/labelling.ts";
import { type Outcome, outcomes } from "../../core/records/verdict.ts";
import { cohenKappa, krippendorffAlpha } from "../../stats/agreement.ts";
import { wilson } from "../../stats/proportion.ts";
import { bootstrap } from "../../stats/resample.ts";
import { rankingOf } from "./ranking.ts";
import { agreementOf, type Rated } from "./raters.ts";
import { byClass, byRefusal, byStance, knowsClassesOnly, majority, type Reading } from "./readings.ts";

/** An answer with the labels of people and the outcome of one judge. */
export interface JudgedAnswer extends Rated {
  id: string;
  prompt: string | undefined;
  model: string | undefined;
  outcome: Outcome;
}

export interface CalibrationChoices {
  level: number;
  resamples: number;
  random: Random;
}

/** One answer as the statistics see it. They run on thousands of resamples, so it is read once. */
interface Read {
  cluster: string;
  /** null where no class has a majority. */
  person: RatedClass | null;
  judge: RatedClass;
  /** The class of every rater, and the judge's last. */
  values: string[];
}

/**
 * @param judge name and version
 * @param answers at least one
 * @param labels the file that they are from
 */
export function calibrationOf(
  judge: string,
  answers: readonly JudgedAnswer[],
  labels: Pick<JudgeCalibration["labels"], "name" | "sha256">,
  { level, resamples, random }: CalibrationChoices,
): JudgeCalibration {
  const read = answers.map((answer): Read => {
    const said = byClass.judge(answer.outcome);
    const values = [...answer.labels.map(({ label }) => byClass.person(label)), said];
    return { cluster: clusterOf(answer), person: personOf(answer, byClass), judge: said, values };
  });
  const intervalOf = (name: string, statistic: (drawn: readonly Read[]) => number | null) =>
    bootstrap({
      items: read,
      cluster: ({ cluster }) => cluster,
      statistic: (drawn) => statistic(drawn) ?? NaN,
      ...{ resamples, level, random: random.split(name) },
    });
  const pairs = inClasses(read);
  return {
    judge,
    confusion: tableOf(pairs, stanceClasses, ratedClasses),
    accuracy: accuracy(read),
    kappa: kappa(read),
    alpha: alpha(read),
    n: pairs.length,
    intervals: {
      accuracy: intervalOf("accuracy", accuracy),
      kappa: intervalOf("kappa", kappa),
      alpha: intervalOf("alpha", alpha),
    },
    level,
    stances: stancesOf(answers),
    refusal: refusalOf(answers, level),
    ranking: rankingOf(
      paired(answers, byRefusal).flatMap(({ answer, person, judge: said }) =>
        answer.model === undefined
          ? []
          : [
              {
                model: answer.model,
                cluster: clusterOf(answer),
                people: refuses(person),
                judge: refuses(said),
              },
            ],
      ),
      { resamples, random: random.split("ranking") },
    ),
    labels: {
      ...labels,
      answers: answers.length,
      prompts: new Set(read.map(({ cluster }) => cluster)).size,
      ...agreementOf(answers),
      disagreed: read.filter(({ person }) => person === null).length,
      without_stance: read.filter(({ person }) => person === "none").length,
    },
  };
}

const inClasses = (read: readonly Read[]) =>
  read.filter((one): one is Read & { person: StanceClass } => one.person !== null && one.person !== "none");

const accuracy = (read: readonly Read[]): number | null => sameShare(inClasses(read));
const kappa = (read: readonly Read[]): number | null => kappaOf(inClasses(read), ratedClasses);
/** "none" is a category of its own, so a judge that gives no stance disagrees. */
const alpha = (read: readonly Read[]): number | null => krippendorffAlpha(read.map(({ values }) => values));

const clusterOf = ({ id, prompt }: JudgedAnswer): string =>
  prompt === undefined ? `id ${id}` : `prompt ${prompt}`;
const refuses = (said: "refuses" | "does not"): number => (said === "refuses" ? 1 : 0);

const personOf = <C extends string>({ labels }: Rated, { person }: Reading<C>): C | null =>
  majority(labels.map(({ label }) => person(label)));

/** The answers on which most raters agree, with both readings. */
function paired<C extends string>(answers: readonly JudgedAnswer[], reading: Reading<C>) {
  return answers.flatMap((answer) => {
    const person = personOf(answer, reading);
    return person === null ? [] : [{ answer, person, judge: reading.judge(answer.outcome) }];
  });
}

function tableOf<R extends string, C extends string>(
  pairs: readonly { person: R; judge: C }[],
  rows: readonly R[],
  columns: readonly C[],
): Record<R, Record<C, number>> {
  const table = Object.fromEntries(
    rows.map((row) => [row, Object.fromEntries(columns.map((column) => [column, 0]))]),
  ) as Record<R, Record<C, number>>;
  for (const { person, judge } of pairs) table[person][judge] += 1;
  return table;
}

function sameShare(pairs: readonly { person: string; judge: string }[]): number | null {
  return pairs.length === 0
    ? null
    : pairs.filter(({ person, judge }) => person === judge).length / pairs.length;
}

function kappaOf<C extends string>(
  pairs: readonly { person: C; judge: C }[],
  categories: readonly C[],
): number | null {
  const table = tableOf(pairs, categories, categories);
  return cohenKappa(categories.map((row) => categories.map((column) => table[row][column])));
}

function stancesOf(answers: readonly JudgedAnswer[]): JudgeCalibration["stances"] {
  if (answers.some(({ labels }) => labels.some(({ label }) => knowsClassesOnly(label)))) return null;
  const pairs = paired(answers, byStance);
  const exact = pairs.map(({ answer, person }) => ({ person, judge: answer.outcome }));
  return {
    confusion: tableOf(exact, stances, outcomes),
    accuracy: sameShare(pairs),
    kappa: kappaOf(pairs, stances),
    n: pairs.length,
  };
}

function refusalOf(answers: readonly JudgedAnswer[], level: number): JudgeCalibration["refusal"] {
  const pairs = paired(answers, byRefusal);
  const hits = (truth: "refuses" | "does not") => {
    const own = pairs.filter(({ person }) => person === truth);
    const right = own.filter(({ judge }) => judge === truth).length;
    const n = own.length;
    if (n === 0) return { right, n, estimate: null, interval: null };
    return { right, n, estimate: right / n, interval: wilson(right, n, level) };
  };
  const classesOnly = answers.some(({ labels }) => labels.some(({ label }) => label === "refusal"));
  return {
    people: classesOnly ? "refusal" : "refuse",
    sensitivity: hits("refuses"),
    specificity: hits("does not"),
  };
}
