/** Runs `fathom label`: serves the labelling page until it is interrupted, or exports what was labelled. */
import { existsSync } from "node:fs";
import { badInput, exitCode } from "../../core/errors.ts";
import { formatNumber, listed } from "../../core/format.ts";
import type { LabelTask } from "../../core/records/labelling.ts";
import { type Prompt, textOfPrompt } from "../../core/records/prompt.ts";
import { holdAlone } from "../../files/disk/lock.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import { nameOfSubject } from "../../jobs/audit/manifest.ts";
import { type RunRecords, readRun } from "../../jobs/audit/run.ts";
import { type ExportedAnswer, exportedLabels } from "../../labelling/export.ts";
import { type LabelServer, serveLabels } from "../../labelling/label-server.ts";
import { Labelling } from "../../labelling/labelling.ts";
import { labelsPath, openLabels, readLabels } from "../../labelling/labels-file.ts";
import { labelPagePath, readTemplate } from "../../report/page-template.ts";
import { shownOf } from "../../report/redact.ts";
import { complain, exitFor } from "../terminal/failure.ts";
import { deliver, printLines, requireWritable } from "../terminal/output.ts";
import { untilSignal } from "../terminal/until-signal.ts";

export interface LabelCommandOptions {
  raters: string[];
  sample?: number;
  seed: number;
  port: number;
  export?: string;
  showText?: boolean;
}

/** @returns the exit code @throws FathomError for a run that is not finished, and for damaged or foreign labels */
export async function runLabel(run: string, options: LabelCommandOptions): Promise<number> {
  const answers = answersOf(readRun(run), options.showText === true);
  if (options.export !== undefined) return await exportTo(options.export, run, answers);
  const release = holdAlone(run);
  try {
    return await serve(run, answers, options);
  } finally {
    release();
  }
}

interface RunAnswer extends ExportedAnswer {
  /** Whether the redactor leaves words of it out. */
  withheld: boolean;
  asked: Prompt;
}

function answersOf({ manifest, prompts, observations }: RunRecords, showText: boolean): RunAnswer[] {
  const promptOf = new Map(prompts.map((prompt) => [prompt.id, prompt]));
  return observations.map(({ key, prompt_id, text, thought, finish }) => {
    const asked = promptOf.get(prompt_id)!;
    return {
      ...{ asked, id: key, prompt: textOfPrompt(asked), answer: text, model: nameOfSubject(manifest.inputs) },
      ...(thought === null ? {} : { reasoning: thought.text }),
      finish: finish === "stop" && thought?.closed !== false ? "stop" : "length",
      withheld: shownOf(asked.tier, text, showText).redacted,
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
    const shown = answers.filter(({ withheld }) => !withheld);
    if (shown.length === 0)
      throw badInput(run, "an answer that is shown", "only answers that are withheld", "--show-text");
    const tasks = shown.map(
      ({ id, asked: { prompt, turns = [] }, answer, finish }): LabelTask => ({
        ...{ id, prompt, turns, answer },
        cut: finish === "length",
      }),
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
      ...withheldLine(answers.length - shown.length, "asked"),
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
  const labelled = answers.filter(({ id }) => lines.some((line) => line.observation === id));
  const withheld = labelled.filter((answer) => answer.withheld).length;
  const exported = exportedLabels(
    labelled.flatMap(({ withheld: isWithheld, asked: _, ...answer }) => (isWithheld ? [] : [answer])),
    lines,
  );
  if (exported.length === 0 && withheld === 0) throw none();
  if (exported.length === 0)
    throw badInput(run, "a labelled answer that is shown", "only ones that are withheld", "--show-text");
  requireWritable(file);
  await deliver(jsonLines(exported), file);
  const count = new Set(exported.map(({ id }) => id)).size;
  const raters = [...new Set(exported.map(({ rater }) => rater))];
  await printLines([
    `${exported.length} labels of ${count} answers, by ${listed(raters)}.`,
    ...withheldLine(withheld, "written"),
  ]);
  return exitCode.ok;
}

function withheldLine(count: number, done: "asked" | "written"): string[] {
  return count === 0
    ? []
    : [
        `Not ${done}: ${count} answers to hazard-adjacent prompts, which are withheld. With them: --show-text`,
      ];
}
