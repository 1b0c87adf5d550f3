/** Runs `fathom sae train`: makes a plan from the options, runs the job and prints a summary. */
import { join } from "node:path";
import { exitCode } from "../../core/errors.ts";
import { formatNumber } from "../../core/format.ts";
import { readJson } from "../../files/disk/io.ts";
import { type LayerTraining, recordOf, saeTraining } from "../../jobs/sae-training/sae-training.ts";
import { anyHasBegun } from "../../jobs/sae-training/training-places.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { interruptible } from "../terminal/interrupt.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { count } from "../terminal/quantities.ts";
import { resumeCommand } from "../terminal/resume-command.ts";
import { type TrainingOptions, trainingPlan } from "./training-options.ts";

export interface SaeTrainOptions extends TrainingOptions {
  out: string;
  resume?: true;
  json?: true;
  quiet?: true;
}

/**
 * @returns the exit code
 * @throws FathomError for wrong options, model, text or output, if possible before the model reads a token
 */
export async function runTrain(options: SaeTrainOptions): Promise<number> {
  const { out, threads, cache, resume, json, quiet } = options;
  const plan = trainingPlan(options);
  const goOn = () => resumeCommand(process.argv.slice(2), anyHasBegun(out, plan.layers));
  return await interruptible(quiet === true, goOn, async ({ progress, signal, tell }) => {
    const trained = await saeTraining(plan, {
      out,
      resume: resume === true,
      threads: threads ?? null,
      keepRounded: cache,
      tell,
      signal,
    });
    progress.clear();
    if (json === true) {
      const documents = trained.map(documentOf);
      await printJson(documents.length === 1 ? documents[0] : documents);
    } else await printLines(trained.flatMap(summary));
    return exitCode.ok;
  });
}

function documentOf({ out, result }: LayerTraining) {
  if (result === null) {
    const sae = openSae(out);
    const { quality, training } = readJson(join(out, "training.json")) as Record<string, unknown>;
    return { sae: out, identity: sae.identity(), hook: sae.site?.hookName ?? null, quality, training };
  }
  const { sae, quality } = result;
  const hook = sae.site?.hookName ?? null;
  return { sae: out, identity: sae.identity(), hook, quality, training: recordOf(result) };
}

function summary({ out, result }: LayerTraining): string[] {
  if (result === null) return [`${out}: finished before`];
  const { sae, quality, record, verdict } = result;
  const { varianceExplained, meanL0, dead, tokens } = quality;
  return [
    `${out}: ${record["objective"]}, ${count(sae.d_sae)} features of ${sae.site?.hookName}`,
    `on ${count(tokens)} tokens kept aside: variance explained ${formatNumber(varianceExplained.ordinary)} without outliers (${formatNumber(varianceExplained.all)} with), L0 ${formatNumber(meanL0)}, dead ${formatNumber(100 * dead.share)}%`,
    `${record["rows_above_norm"]} of the training tokens were left out: their norm is above ${record["maxNormMultiple"]} times the median`,
    ...(verdict === null ? [] : [verdict.finding.sentence]),
  ];
}
