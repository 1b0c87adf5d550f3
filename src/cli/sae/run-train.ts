/** What `fathom sae train` does. */
import { join } from "node:path";
import { badInput, exitCode } from "../../core/errors.ts";
import { formatNumber } from "../../core/format.ts";
import { hashJson, type Json } from "../../core/hash.ts";
import type { ContrastiveVerdict } from "../../core/records/contrastive-verdict.ts";
import { writeTextAtomically } from "../../files/disk/io.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import { locateSae } from "../../jobs/inputs/locate.ts";
import { openNamed } from "../../jobs/inputs/open-named.ts";
import type { Tell } from "../../jobs/job/job-events.ts";
import { tellSteps, tellStepsOfAll } from "../../jobs/sae-training/training-events.ts";
import { deviceDefault, precisionDefault, trainDefaults } from "../../library/defaults.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import { rowsInShards } from "../../sae/code/activation-shards.ts";
import { fingerprintOf, requireUnseen, unseenName } from "../../sae/code/fingerprint.ts";
import type { Sae } from "../../sae/code/sae.ts";
import { residPost, siteOf } from "../../sae/code/site.ts";
import { trainContrasted, trainingsOf } from "../../sae/domain/train.ts";
import { openToTrainOn } from "../../sae/formats/open-sae.ts";
import { saveSae } from "../../sae/formats/save.ts";
import { objectiveOf } from "../../sae/training/objectives/objectives.ts";
import { checkPlan, type TrainingPlan } from "../../sae/training/state/training-plan.ts";
import { type Keeping, readState, writeState } from "../../sae/training/state/training-state.ts";
import { trainedNames } from "../../sae/training/state/weights.ts";
import { type TrainedSae, trainSae } from "../../sae/training/training.ts";
import { objectiveFor } from "../../sae/training/warm-start.ts";
import { onInterrupt } from "../terminal/interrupt.ts";
import { printJson, printLines } from "../terminal/output.ts";
import { Progress } from "../terminal/progress.ts";
import { count } from "../terminal/quantities.ts";
import { resumeCommand } from "../terminal/resume-command.ts";
import type { EngineOptions } from "../tokens/engine-options.ts";
import { captureRows, readSpans, tokensOf } from "./capture-rows.ts";
import { type Domain, type DomainOptions, domainPrompts, withoutPrompts } from "./domain-prompts.ts";
import { type PresetName, withPreset } from "./presets.ts";
import { seedRowsOf } from "./seed-rows.ts";
import { hasBegun, trainingFolder } from "./training-folder.ts";
import { type PlanOptions, planOf } from "./training-plan.ts";
import { type TrainingText, type TrainingTexts, trainingTexts } from "./training-texts.ts";

export interface SaeTrainOptions extends EngineOptions, TrainingTexts, DomainOptions, PlanOptions {
  model: string;
  adapter?: string;
  layer: number;
  preset?: PresetName;
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
export async function runTrain(given: SaeTrainOptions): Promise<number> {
  const options = withPreset(given);
  const progress = new Progress(options.quiet === true);
  const interrupt = onInterrupt(progress, () => resumeCommand(process.argv.slice(2), hasBegun(options.out)));
  let release: (() => void) | null = null;
  try {
    // A preset's k is that of the training; what a file does not say, only the command line may.
    const from =
      options.from === undefined
        ? null
        : await openStart(options.from, { ...options, k: given.k }, progress.tell);
    const { checkpoint } = await openNamed(options, progress.tell);
    const depth = checkpoint.config.layers.length;
    if (options.layer >= depth)
      throw badInput("--layer", `a block from 0 to ${depth - 1}`, String(options.layer));
    const plan = planOf(from === null ? options : fitted(options, from, checkpoint), from);
    const domain = await domainPrompts(options, checkpoint);
    // Where the start has seen what is held out, no arm is judged by prompts that are new to it.
    if (from !== null) for (const { heldOut } of domain?.splits ?? []) requireUnseen(from, heldOut);
    const { name, inputs } = await trainingTexts(options, checkpoint);
    const texts = withoutPrompts(inputs, domain);
    const labelled = { prompts: domain?.inputs ?? [], answers: domain?.pooling === "answer" };
    const used = tokensOf(texts) - texts.reduce((sum, { from }) => sum + from, 0);
    for (const { tokens } of domain?.splits ?? [{ tokens: 0 }])
      checkPlan({ name, count: used + tokens }, plan);
    const settings = { ...settingsOf(options, plan, from, checkpoint, texts), ...domain?.settings };
    const folder = trainingFolder(options.out, settings, options.resume === true);
    release = folder.release;
    if (folder.rowsAreWhole) checkpoint.weights.close();
    else await captureRows(folder, texts, labelled, checkpoint, options, progress.tell);

    const rows = rowsInShards(folder.rows, folder.rowsAreWhole);
    const size = { d_in: rows.width, d_sae: plan.d_sae, steps: plan.steps };
    const names = trainedNames(objectiveOf(plan, rows.width).own);
    const keeping = (name?: string): Keeping => {
      const { path, kept } = folder.state(name);
      return {
        from: kept ? readState(path, names, size) : null,
        every: options.checkpointEvery ?? trainDefaults.checkpointEvery,
        keep: writeState.bind(null, path),
        signal: interrupt.signal,
      };
    };
    interrupt.heeded = true;
    const site = siteOf(residPost(options.layer), checkpoint.name);
    const session = options.threads === undefined ? {} : { threads: options.threads };
    const train = async () => {
      if (domain === null) {
        const onStep = tellSteps(progress.tell);
        return { ...(await trainSae(rows, site, plan, onStep, session, keeping(), [], from)), verdict: null };
      }
      const { contrast, randomTiers, splits } = domain;
      const seeds = seedRowsOf(rows, readSpans(folder.spans), domain);
      const { trained, verdict } = await trainContrasted(
        { seeds, site, plan, contrast, randomTiers, from },
        tellStepsOfAll(progress.tell, trainingsOf(seeds, randomTiers)),
        session,
        ({ seed, arm }) => keeping(`${arm}-${seed}`),
      );
      const seen = [...(from?.trainedOnPrompts ?? []), ...splits[0]!.trained.map(fingerprintOf)];
      const trainedOnPrompts = [...new Set(seen)];
      return { ...trained, sae: { ...trained.sae, trainedOnPrompts }, verdict };
    };
    const { verdict, ...trained } = await train().finally(() => {
      rows.close();
    });
    interrupt.heeded = false;
    progress.clear();
    const told = { ...trained, verdict, record: { ...settings, ...trained.record } };
    save(options.out, told, domain);
    folder.remove();
    if (options.json === true) await printJson(documentOf(options.out, told));
    else await printLines(summary(options.out, told));
    return exitCode.ok;
  } catch (error) {
    if (interrupt.signal.aborted) return exitCode.interrupted;
    throw error;
  } finally {
    progress.clear();
    interrupt.end();
    release?.();
  }
}

async function openStart(
  named: string,
  { format, k }: { format?: string; k: number | undefined },
  tell: Tell,
): Promise<Sae> {
  return openToTrainOn((await locateSae(named, tell)).path, format, k);
}

/** With the objective that trains the SAE on. */
function fitted(options: SaeTrainOptions, from: Sae, { config }: Checkpoint): SaeTrainOptions {
  const place = { layer: options.layer, d_in: config.hiddenSize };
  return { ...options, objective: objectiveFor(from, place, options.objective) };
}

/** What is told of a training: with a domain, the verdict on its term too. */
interface Told extends TrainedSae {
  verdict: ContrastiveVerdict | null;
}

/** Threads are among them: sums in another order end in other last bits. */
function settingsOf(
  { layer, threads, precision, device }: SaeTrainOptions,
  plan: TrainingPlan,
  from: Sae | null,
  { identity }: Checkpoint,
  inputs: readonly TrainingText[],
) {
  return {
    ...plan,
    from: from?.identity() ?? "none",
    layer,
    model: identity.model,
    adapter: identity.adapter ?? "none",
    tokens: hashJson(inputs.map(({ ids, from }) => ({ ids, from }))),
    precision: precision ?? precisionDefault,
    device: device ?? deviceDefault,
    threads: threads ?? "one a core",
  };
}

/** The curve first: with its config, the SAE is finished. */
function save(out: string, told: Told, domain: Domain | null): void {
  const { sae, quality, curve } = told;
  const training = trainingOf(told);
  writeTextAtomically(
    join(out, "training.json"),
    `${JSON.stringify({ training, quality, curve }, null, 1)}\n`,
  );
  if (domain !== null) {
    const unseen = domain.unseen.filter((prompt) => !sae.trainedOnPrompts?.includes(fingerprintOf(prompt)));
    writeTextAtomically(join(out, unseenName), jsonLines(unseen));
  }
  saveSae(out, sae, training);
}

function trainingOf({ record, verdict }: Told): Json {
  return verdict === null ? record : { ...record, verdict };
}

function documentOf(out: string, told: Told) {
  const { sae, quality } = told;
  const hook = sae.site?.hookName ?? null;
  return { sae: out, identity: sae.identity(), hook, quality, training: trainingOf(told) };
}

function summary(out: string, { sae, quality, record, verdict }: Told): string[] {
  const { varianceExplained, meanL0, dead, tokens } = quality;
  return [
    `${out}: ${record["objective"]}, ${count(sae.d_sae)} features of ${sae.site?.hookName}`,
    `on ${count(tokens)} tokens kept aside: variance explained ${formatNumber(varianceExplained.ordinary)} without outliers (${formatNumber(varianceExplained.all)} with), L0 ${formatNumber(meanL0)}, dead ${formatNumber(100 * dead.share)}%`,
    `${record["rows_above_norm"]} of the tokens to train on left out: their norm is above ${record["maxNormMultiple"]} times the median`,
    ...(verdict === null ? [] : [verdict.finding.sentence]),
  ];
}
