/**
 * The labels of a run: labels.jsonl in its directory, a journal. A label is in the file before the page shows the next
 * answer, so a kill loses none. A line with `label` null takes the rater's earlier label of that answer back.
 */
import { join } from "node:path";
import { z } from "zod";
import { badInput } from "../core/errors.ts";
import { parseRecord } from "../core/parse.ts";
import { pageCoherence, pageLabels } from "../core/records/labelling.ts";
import { type Journal, openJournal, readJournal } from "../files/lines/journal.ts";

const labelLineSchema = z.strictObject({
  observation: z.string().min(1),
  rater: z.string().min(1),
  label: z.enum(pageLabels).nullable(),
  coherence: z.enum(pageCoherence).nullable(),
  /** When it was given, as ISO 8601 in UTC. */
  at: z.string(),
});
export type LabelLine = z.infer<typeof labelLineSchema>;

export const labelsPath = (run: string): string => join(run, "labels.jsonl");

/** @throws FathomError for a damaged line, and for the label of an answer that is not in the run */
export function openLabels(run: string, observations: ReadonlySet<string>): Journal<LabelLine> {
  return openJournal(labelsPath(run), lineOf(observations));
}

/** Reads the labels without changing the file. @throws as `openLabels`, and if there is no file */
export function readLabels(run: string, observations: ReadonlySet<string>): LabelLine[] {
  return readJournal(labelsPath(run), lineOf(observations));
}

const lineOf =
  (observations: ReadonlySet<string>) =>
  (value: unknown, where: string): LabelLine => {
    const line = parseRecord(labelLineSchema, value, where, "restore the file, or move it away");
    if (observations.has(line.observation)) return line;
    throw badInput(
      `${where} observation`,
      "an answer of this run",
      line.observation,
      "the run that was labelled, or move the file away",
    );
  };
