/** Runs `fathom label`: serves the labelling page until it is interrupted, or exports what was labelled. */
import { existsSync } from "node:fs";
import { badInput, exitCode } from "../../core/errors.ts";
import { formatNumber, listed } from "../../core/format.ts";
import type { LabelTask } from "../../core/records/labelling.ts";
import { holdAlone } from "../../files/disk/lock.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import { nameOfSubject } from "../../jobs/audit/manifest.ts";
import { type RunRecords, readRun } from "../../jobs/audit/run.ts";
import { type ExportedAnswer, exportedLabels } from "../../labelling/export.ts";
import { type LabelServer, serveLabels } from "../../labelling/label-server.ts";
import { Labelling } from "../../labelling/labelling.ts";
import { labelsPath, openLabels, readLabels } from "../../labelling/labels-file.ts";
import { labelPagePath, readTemplate } from "../../report/page-template.ts";
import { complain, exitFor } from "../terminal/failure.ts";
import { deliver, printLines, requireWritable } from "../terminal/output.ts";
import { untilSignal } from "../terminal/until-signal.ts";

export interface LabelCommandOptions {
  raters: string[];
  sample?: number;
  seed: number;
  port: number;
  export?: string;
}

/** @returns the exit code @throws FathomError for a run that is not finished, and for damaged or foreign labels */
export async function runLabel(run: string, options: LabelCommandOptions): Promise<number> {
  const answers = answersOf(readRun(run));
  if (options.export !== undefined) return await exportTo(options.export, run, answers);
  const release = holdAlone(run);
  try {
    return await serve(run, answers, options);
  } finally {
    release();
  }
}

interface RunAnswer extends ExportedAnswer {
  isHazard: boolean;
}

function answersOf({ manifest, prompts, observations }: RunRecords): RunAnswer[] {
  const promptOf = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  return observations.map(({ key, prompt_id, text, thought, finish }) => {
    const { prompt, tier } = promptOf.get(prompt_id)!;
    return {
      ...{ id: key, prompt, answer: text, model: nameOfSubject(manifest.inputs) },
      ...(thought === null ? {} : { reasoning: thought.text }),
      finish: finish === "stop" && thought?.closed !== false ? "stop" : "length",
      isHazard: tier === "hazard_adjacent",
    };
  });
}

const idsOf = (answers: readonly RunAnswer[]): ReadonlySet<string> => new Set(answers.map(({ id }) => id));

async function serve(
  run: string,
  answers: readonly RunAnswer[],
  { raters, sample, seed, port }: LabelCommandOptions,
): Promise<number> {
  const page = readTemplate(labelPagePath());
  const journal = openLabels(run, idsOf(answers));
  const servers: LabelServer[] = [];
  try {
    const tasks = answers.map(
      ({ id, prompt, answer, finish }): LabelTask => ({ id, prompt, answer, cut: finish === "length" }),
    );
    const labelling = new Labelling(
      tasks,
      { raters, sample: sample ?? null, seed },
      journal.records,
      (line) => {
        journal.append({ ...line, at: new Date().toISOString() });
      },
    );
    for (const [i, rater] of raters.entries()) {
      const own = port === 0 ? 0 : port + i;
      servers.push(await serveLabels({ rater, port: own, page, labelling, onFault: exitFor }));
    }
    const stopped = untilSignal();
    await printLines([
      ...raters.map((rater, i) => `${rater}: ${servers[i]!.link}`),
      `Labels go to ${labelsPath(run)}. Ctrl-C ends; the same command goes on.`,
    ]);
    await stopped;
    await printLines(progressOf(labelling, raters));
    if (labelling.finished) return exitCode.ok;
    complain("interrupted. To go on: the same command");
    return exitCode.interrupted;
  } finally {
    for (const server of servers) await server.close();
    await journal.close();
  }
}

function progressOf(labelling: Labelling, raters: readonly string[]): string[] {
  const { alpha, pairs } = labelling.agreement();
  const number = (value: number | null) => (value === null ? "undefined" : formatNumber(value));
  return [
    ...raters.map((rater) => {
      const { done, total } = labelling.state(rater);
      return `${rater}: ${done} of ${total} answers labelled`;
    }),
    ...(labelling.finished
      ? pairs.map(
          ({ raters: [a, b], n, same, kappa }) =>
            `${a ?? ""} and ${b ?? ""} agree on ${same} of ${n} answers (three classes): κ ${number(kappa)}, α over all raters ${number(alpha)}`,
        )
      : []),
  ];
}

async function exportTo(file: string, run: string, answers: readonly RunAnswer[]): Promise<number> {
  const none = () => badInput(run, "labels", "none", "fathom label RUN, which people label with");
  if (!existsSync(labelsPath(run))) throw none();
  const lines = readLabels(run, idsOf(answers));
  const exported = exportedLabels(
    answers.map(({ isHazard: _, ...answer }) => answer),
    lines,
  );
  if (exported.length === 0) throw none();
  requireWritable(file);
  await deliver(jsonLines(exported), file);
  const labelled = new Set(exported.map(({ id }) => id));
  const hazards = answers.filter(({ id, isHazard }) => isHazard && labelled.has(id)).length;
  const raters = [...new Set(exported.map(({ rater }) => rater))];
  await printLines([
    `${exported.length} labels of ${labelled.size} answers, by ${listed(raters)}.`,
    ...(hazards === 0
      ? []
      : [
          `${hazards} of the answers are to hazard-adjacent prompts and stand there whole, because a judge must read them. Treat the file as you treat the run's directory.`,
        ]),
  ]);
  return exitCode.ok;
}
