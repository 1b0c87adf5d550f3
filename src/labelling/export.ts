/** The labels of a run as lines for `fathom judge calibrate`. */
import { groupBy } from "../stats/group.ts";
import { labelsOf } from "./labelling.ts";
import type { LabelLine } from "./labels-file.ts";

/** An answer of the run, whole. */
export interface ExportedAnswer {
  id: string;
  prompt: string;
  answer: string;
  /** The thought before the answer, if there is one. People do not see it, and a judge does not judge it. */
  reasoning?: string;
  finish: "stop" | "length";
  model: string;
}

/** @returns one line per answer and rater, in the order of the answers */
export function exportedLabels(
  answers: readonly ExportedAnswer[],
  lines: readonly LabelLine[],
): (ExportedAnswer & { rater: string })[] {
  const byRater = [...groupBy(lines, ({ rater }) => rater)].map(
    ([rater, own]) => [rater, labelsOf(own)] as const,
  );
  return answers.flatMap((answer) =>
    byRater.flatMap(([rater, labels]) => {
      const given = labels.get(answer.id);
      return given === undefined ? [] : [{ ...answer, ...given, rater }];
    }),
  );
}
