/** What `fathom sae train` does. */
import { join } from "node:path";
import { badInput, exitCode } from "../../core/errors.ts";
import { formatNumber } from "../../core/format.ts";
import { hashJson } from "../../core/hash.ts";
import { writeTextAtomically } from "../../files/io.ts";
import type { Checkpoint } from "../../model/checkpoint.ts";
import { modelOf } from "../../model/model.ts";
import type { TrainingProgress } from "../../sae/descent.ts";
import { objectiveOf } from "../../sae/objectives/index.ts";
import { openSae } from "../../sae/open.ts";
import type { Sae } from "../../sae/sae.ts";
import { saveSae } from "../../sae/save.ts";
import { rowsInShards, ShardWriter } from "../../sae/shards.ts";
import { residPost, siteOf } from "../../sae/site.ts";
import { type TrainedSae, trainSae } from "../../sae/train.ts";
import { checkPlan, type TrainingPlan } from "../../sae/training-plan.ts";
import { readState, writeState } from "../../sae/training-state.ts";
import { objectiveFor } from "../../sae/warm-start.ts";
import { trainedNames } from "../../sae/weights.ts";
import { onInterrupt } from "../audit/interrupt.ts";
import { resumeCommand } from "../audit/resume-command.ts";
import { deviceDefault, precisionDefault, trainDefaults } from "../defaults.ts";
import { locateSae } from "../locate.ts";
import { openNamed } from "../open-named.ts";
import { print, printJson } from "../output.ts";
import { Progress } from "../progress.ts";
import { count, duration } from "../say.ts";
import type { EncodedInput } from "../tokens/encode-inputs.ts";
import { type EngineOptions, engineOptions } from "../tokens/engine-options.ts";
import { trainingFolder } from "./training-folder.ts";
import { type PlanOptions, planOf } from "./training-plan.ts";
import { type TrainingTexts, trainingTexts } from "./training-texts.ts";

export interface SaeTrainOptions extends EngineOptions, TrainingTexts, PlanOptions {
  model: string;
  adapter?: string;
  layer: number;
  from?: string;
  format?: string;
  checkpointEvery?: number;
  out: string;
  resume?: true;
  json?: true;
  quiet?: true;
}

/**
 * @returns the exit code
 * @throws FathomError for wrong options, model, text or place, before the model reads a token where that is possible
 */
export async function runTrain(options: SaeTrainOptions): Promise<number> {
  const progress = new Progress(options.quiet === true);
  const interrupt = onInterrupt(progress, resumeCommand(process.argv.slice(2)));
  try {
    const from = options.from === undefined ? null : await openStart(options.from, options.format, progress);
    const { checkpoint } = await openNamed(options, progress);
    const depth = checkpoint.config.layers.length;
    if (options.layer >= depth)
      throw badInput("--layer", `a block from 0 to ${depth - 1}`, String(options.layer));
    const plan = planOf(from === null ? options : fitted(options, from, checkpoint), from);
    const { name, inputs } = await trainingTexts(options, checkpoint);
    checkPlan({ name, count: inputs.reduce((sum, { ids }) => sum + ids.length, 0) }, plan);
    const settings = settingsOf(options, plan, from, checkpoint, inputs);
    const folder = trainingFolder(options.out, settings, options.resume === true);
    if (folder.rowsAreWhole) checkpoint.weights.close();
    else await captureRows(folder.rows, inputs, checkpoint, options, progress);

    const rows = rowsInShards(folder.rows);
    const size = { d_in: rows.width, d_sae: plan.d_sae, steps: plan.steps };
    const names = trainedNames(objectiveOf(plan, rows.width).own);
    const keeping = {
      from: folder.hasState ? readState(folder.state, names, size) : null,
      every: options.checkpointEvery ?? trainDefaults.checkpointEvery,
      keep: writeState.bind(null, folder.state),
      signal: interrupt.signal,
    };
    interrupt.heeded = true;
    const trained = await trainSae(
      rows,
      siteOf(residPost(options.layer), checkpoint.name),
      plan,
      progressTeller(progress),
      options.threads === undefined ? {} : { threads: options.threads },
      keeping,
      [],
      from,
    ).finally(() => {
      rows.close();
    });
    interrupt.heeded = false;
    progress.clear();
    const told = { ...trained, record: { ...settings, ...trained.record } };
    save(options.out, told);
    folder.remove();
    if (options.json === true) await printJson(documentOf(options.out, told));
    else await print(`${summary(options.out, told)}\n`);
    return exitCode.ok;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    progress.clear();
    interrupt.end();
  }
}

async function openStart(named: string, format: string | undefined, progress: Progress): Promise<Sae> {
  return openSae((await locateSae(named, progress)).path, format);
}

/** With the objective that trains the SAE on. */
function fitted(options: SaeTrainOptions, from: Sae, { config }: Checkpoint): SaeTrainOptions {
  const place = { layer: options.layer, d_in: config.hiddenSize };
  return { ...options, objective: objectiveFor(from, place, options.objective) };
}

/** Threads are among them: sums in another order end in other last bits. */
function settingsOf(
  { layer, threads, precision, device }: SaeTrainOptions,
  plan: TrainingPlan,
  from: Sae | null,
  { identity }: Checkpoint,
  inputs: readonly EncodedInput[],
) {
  return {
    ...plan,
    from: from?.identity() ?? "none",
    layer,
    model: identity.model,
    adapter: identity.adapter ?? "none",
    tokens: hashJson(inputs.map(({ ids }) => ids)),
    precision: precision ?? precisionDefault,
    device: device ?? deviceDefault,
    threads: threads ?? "one a core",
  };
}

/** resid_post of every token to shards, in the order in which the engine takes the texts. */
async function captureRows(
  folder: string,
  inputs: readonly EncodedInput[],
  checkpoint: Checkpoint,
  options: SaeTrainOptions,
  progress: Progress,
): Promise<void> {
  const total = inputs.reduce((sum, { ids }) => sum + ids.length, 0);
  const writer = new ShardWriter(folder, checkpoint.config.hiddenSize);
  const model = await modelOf(checkpoint, engineOptions(options, progress));
  try {
    let read = 0;
    await model.capture(
      inputs,
      { layers: [options.layer], logits: false, edits: [] },
      ({ values }) => {
        writer.put(values);
      },
      (tokens) => {
        read += tokens;
        progress.show(() => `capturing: ${count(read)} of ${count(total)} tokens`);
      },
    );
    writer.finish();
  } finally {
    await model.close();
  }
}

function progressTeller(progress: Progress): (now: TrainingProgress) => void {
  const started = performance.now();
  let before: number | null = null;
  return ({ step, steps, unexplained, meanL0, dead, tokens }) => {
    // A run that was resumed has its pace from the steps done here; the first only says where it began.
    before ??= step - 1;
    const seconds = (performance.now() - started) / 1000;
    const left = (seconds / (step - before)) * (steps - step);
    progress.show(
      () =>
        `step ${count(step)} of ${count(steps)}: unexplained ${formatNumber(unexplained)}, L0 ${formatNumber(meanL0)}, ${count(dead)} dead, ${count(tokens)} tokens, ${duration(left)} left`,
    );
  };
}

/** The curve first: with its config, the SAE is finished. */
function save(out: string, { sae, quality, record, curve }: TrainedSae): void {
  writeTextAtomically(
    join(out, "training.json"),
    `${JSON.stringify({ training: record, quality, curve }, null, 1)}\n`,
  );
  saveSae(out, sae, record);
}

function documentOf(out: string, { sae, quality, record }: TrainedSae) {
  return { sae: out, identity: sae.identity(), hook: sae.site?.hookName ?? null, quality, training: record };
}

function summary(out: string, { sae, quality, record }: TrainedSae): string {
  const { varianceExplained, meanL0, dead, tokens } = quality;
  return [
    `${out}: ${record["objective"]}, ${count(sae.d_sae)} features of ${sae.site?.hookName}`,
    `on ${count(tokens)} tokens kept aside: variance explained ${formatNumber(varianceExplained.ordinary)} without outliers (${formatNumber(varianceExplained.all)} with), L0 ${formatNumber(meanL0)}, dead ${formatNumber(100 * dead.share)}%`,
    `${record["rows_above_norm"]} of the tokens to train on left out: their norm is above ${record["maxNormMultiple"]} times the median`,
  ].join("\n");
}
