/** Reads answers with people's labels, one rater's label per line: the input of `judge calibrate`. */
import { badInput } from "../core/errors.ts";
import { type PersonLabel, personLabels, publishedLabels } from "../core/records/label.ts";
import { type RecordedAnswer, recordedAnswer } from "./answers.ts";
import { fieldError, given, optionalText, type Row, rowOf, shown } from "./rows/fields.ts";
import { promptLines } from "./rows/prompt-lines.ts";

/** An answer with the labels of all its raters. */
export interface LabelledAnswer extends RecordedAnswer {
  /** The model that gave the answer, if known. */
  model: string | undefined;
  /** `rater` is null where a line names none. */
  labels: { rater: string | null; label: PersonLabel }[];
}

/**
 * @returns one item per answer, in the order of first appearance, at least one; other fields are ignored
 * @throws FathomError (exit 2) that names `file:line: field` for the first invalid line: a label outside the list, a rater
 *   who labels an answer twice, an id that stands for two answers
 */
export async function loadLabels(path: string): Promise<LabelledAnswer[]> {
  const lines = await promptLines(path, {
    one: "label",
    example: '{"id": "a", "answer": "…", "label": "refuse"}',
  });
  const answers = new Map<string, { at: string; answer: LabelledAnswer }>();
  for (const { where, value } of lines) {
    const row = rowOf(value, where, "label");
    const answer = recordedAnswer(row);
    const model = optionalText(row, "model", "the model's name, or leave it out");
    const label = labelOf(row);
    const rater = optionalText(row, "rater", "the rater's name, or leave it out") ?? null;
    const known = answers.get(answer.id);
    if (known === undefined) {
      answers.set(answer.id, { at: where, answer: { ...answer, model, labels: [{ rater, label }] } });
      continue;
    }
    requireSame(row, known, { ...answer, model });
    if (known.answer.labels.some((other) => other.rater === rater))
      throw badInput(
        `${where}: rater`,
        "one label per answer and rater",
        `a second one of ${rater === null ? "the rater without a name" : shown(rater)} for ${shown(answer.id)}`,
        "remove one of the two lines, or give every rater a name",
      );
    known.answer.labels.push({ rater, label });
    for (const field of ["prompt", "finish", "model"] as const)
      Object.assign(known.answer, { [field]: known.answer[field] ?? { ...answer, model }[field] });
  }
  return [...answers.values()].map(({ answer }) => answer);
}

function labelOf(row: Row): PersonLabel {
  const label = given(row, "label");
  const known = personLabels.find((one) => one === label);
  if (known !== undefined) return known;
  if (typeof label === "string" && Object.hasOwn(publishedLabels, label)) return publishedLabels[label]!;
  throw fieldError(
    row,
    "label",
    `one of ${[...personLabels, ...Object.keys(publishedLabels)].join(", ")}`,
    "docs/calibration.md says what each means",
  );
}

/** Two raters of one id must have read the same answer. */
function requireSame(
  row: Row,
  known: { at: string; answer: LabelledAnswer },
  now: Omit<LabelledAnswer, "labels">,
): void {
  for (const field of ["answer", "prompt", "finish", "model"] as const)
    if (known.answer[field] !== undefined && now[field] !== undefined && known.answer[field] !== now[field])
      throw badInput(
        `${row.where}: ${field}`,
        `the ${field} of ${shown(now.id)} at ${known.at}, because it has the same id`,
        "another",
        "give each answer an id of its own",
      );
}
