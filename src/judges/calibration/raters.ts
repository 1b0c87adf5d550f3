/** How far several raters agree with each other. */
import type { JudgeCalibration } from "../../core/records/calibration.ts";
import type { PersonLabel } from "../../core/records/label.ts";
import { type PairAgreement, type RatedClass, ratedClasses } from "../../core/records/labelling.ts";
import { cohenKappa, krippendorffAlpha } from "../../stats/agreement.ts";
import { byClass } from "./readings.ts";

export interface Rated {
  /** At most one label per rater. */
  labels: readonly { rater: string | null; label: PersonLabel }[];
}

type Agreement = Pick<JudgeCalibration["labels"], "raters" | "alpha" | "pairs">;

/** κ of every two raters over the answers that both labelled, and α over all, both over the three classes and "none". */
export function agreementOf(answers: readonly Rated[]): Agreement {
  const counts = new Map<string | null, number>();
  for (const { labels } of answers)
    for (const { rater } of labels) counts.set(rater, (counts.get(rater) ?? 0) + 1);
  const raters = [...counts.keys()];
  const said = ({ labels }: Rated, rater: string | null) => {
    const own = labels.find((one) => one.rater === rater);
    return own === undefined ? null : byClass.person(own.label);
  };
  const pairs = raters.flatMap((second, i) =>
    raters.slice(0, i).map((first): Agreement["pairs"][number] => {
      const both = answers.flatMap((answer) => {
        const [a, b] = [said(answer, first), said(answer, second)];
        return a === null || b === null ? [] : [{ a, b }];
      });
      const table = tableOf(both);
      const same = both.filter(({ a, b }) => a === b).length;
      const kappa = cohenKappa(ratedClasses.map((row) => ratedClasses.map((column) => table[row][column])));
      return { raters: [first, second], n: both.length, same, kappa, table };
    }),
  );
  return {
    raters: [...counts].map(([rater, labels]) => ({ rater, labels })),
    alpha: krippendorffAlpha(
      answers.map((answer) => answer.labels.map(({ label }) => byClass.person(label))),
    ),
    pairs,
  };
}

function tableOf(both: readonly { a: RatedClass; b: RatedClass }[]): PairAgreement["table"] {
  const row = () => ({ refusal: 0, partial: 0, compliance: 0, none: 0 });
  const table = { refusal: row(), partial: row(), compliance: row(), none: row() };
  for (const { a, b } of both) table[a][b] += 1;
  return table;
}
