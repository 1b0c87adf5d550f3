/** Whether refusing follows hazard, legality or salience more or less than in the base: the change of each coefficient of the model. */
import { clusterOf } from "../../core/cluster.ts";
import { formatNumber } from "../../core/format.ts";
import { criticalValue, normalCdf } from "../../stats/distributions/normal.ts";
import { likelihoodRatio, logisticRegression } from "../../stats/fits/logistic.ts";
import { refuses } from "../common/answers.ts";
import { type Draft, missing, noControl } from "../common/draft.ts";
import { between } from "../common/say.ts";
import { modelledAnswers, modelTerms, noFiniteFit, rowOf, type Term, whyNot } from "../refusal/confound.ts";
import type { ChangeAbout, Sides } from "./changes.ts";

/** Empty where a run has no legality panel. */
export function modelChanges(sides: Sides): Draft<ChangeAbout>[] {
  const runs = [modelledAnswers(sides.base), modelledAnswers(sides.other)];
  return runs.some((answers) => answers.length === 0) ? [] : modelTerms.map((term) => draftOf(sides, term));
}

/**
 * One fit of both runs: the columns of the model for all answers, and again for those of the other run alone. The second columns are the
 * changes. Answers to the same prompts go together, which makes the interval narrow; but where few answers change it is too narrow. So
 * the runs are also taken for independent, and the wider interval counts.
 */
function draftOf({ of, shorts, base, other }: Sides, term: Term): Draft<ChangeAbout> {
  const about: ChangeAbout = { kind: "change", measure: "refusal_model", term, of };
  const question = `Does refusing follow ${term} more or less, once the other two are in the model?`;
  const runs = [modelledAnswers(base), modelledAnswers(other)];
  const n = new Set(runs[0]!.map(({ prompt }) => prompt.id)).size;
  const undetermined = (reason: string) =>
    missing({ about, question, unit: "log-odds", n, reason: `undetermined: ${reason}` });
  const unfit = runs.findIndex((answers) => whyNot(answers) !== null);
  if (unfit !== -1) return undetermined(`in ${shorts[unfit]!}: ${whyNot(runs[unfit]!)!}`);

  const rows = runs.flatMap((answers, run) => answers.map((answer) => ({ answer, run })));
  const y = rows.map(({ answer }) => refuses(answer));
  const width = modelTerms.length + 1;
  const at = modelTerms.indexOf(term) + 1;
  const design = rows.map(({ answer, run }) => {
    const own = rowOf(answer);
    return [...own, ...own.map((value) => run * value)];
  });
  const pairs = rows.map(({ answer }) => clusterOf(answer.prompt));
  const full = logisticRegression(design, y, pairs);
  const apart = logisticRegression(
    design,
    y,
    rows.map(({ run }, i) => `${run}/${pairs[i]!}`),
  );
  const without = logisticRegression(
    design.map((row) => row.toSpliced(width + at, 1)),
    y,
    pairs,
  );
  if (full === null || apart === null || without === null) return undetermined(noFiniteFit);
  // Newton's method stops near 1e-12, so equal answers leave a difference of about 1e-16.
  const estimate = Number(full.coefficients[width + at]!.toFixed(9));
  const before = full.coefficients[at]!;
  const error = Math.sqrt(
    Math.max(...[full, apart].map(({ clustered }) => clustered[width + at]![width + at]!)),
  );
  const half = criticalValue(base.level) * error;
  const interval: [number, number] = [estimate - half, estimate + half];
  return {
    ...{ about, question, estimate, unit: "log-odds", interval, n },
    method:
      "logistic regression of refusing on hazard, legality and salience in both runs, with each changed by the run; sandwich over matched pairs in both runs, and with the runs taken for independent: the wider interval counts; likelihood-ratio test and Wald's test: the larger p counts",
    control: noControl("none: the other two are in the model"),
    sentence: `With the other two in the model, ${term} changes the log-odds of refusing by ${formatNumber(before)} in ${shorts[0]} and by ${formatNumber(before + estimate)} in ${shorts[1]}; the change is ${formatNumber(estimate)} (${between(interval, base.level, formatNumber)}).`,
    decision: {
      p: Math.max(likelihoodRatio(full, without, 1).p, 2 * normalCdf(-Math.abs(estimate) / error)),
    },
  };
}
