/** What `fathom sae train` does. */
import { join } from "node:path";
import { badInput, exitCode } from "../../core/errors.ts";
import { formatNumber } from "../../core/format.ts";
import { hashJson, type Json } from "../../core/hash.ts";
import { writeTextAtomically } from "../../files/io.ts";
import { holdAlone } from "../../files/lock.ts";
import type { Checkpoint } from "../../model/checkpoint.ts";
import type { TrainingProgress } from "../../sae/descent.ts";
import { fingerprintOf, requireUnseen, unseenName } from "../../sae/domain/fingerprint.ts";
import { type ArmName, trainContrasted } from "../../sae/domain/train.ts";
import type { Verdict } from "../../sae/domain/verdict.ts";
import { objectiveOf } from "../../sae/objectives/index.ts";
import { openSae } from "../../sae/open.ts";
import type { Sae } from "../../sae/sae.ts";
import { saveSae } from "../../sae/save.ts";
import { rowsInShards } from "../../sae/shards.ts";
import { residPost, siteOf } from "../../sae/site.ts";
import { type TrainedSae, trainSae } from "../../sae/train.ts";
import { checkPlan, type TrainingPlan } from "../../sae/training-plan.ts";
import { type Keeping, readState, writeState } from "../../sae/training-state.ts";
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
import type { EngineOptions } from "../tokens/engine-options.ts";
import { captureRows, readSpans, tokensOf } from "./capture-rows.ts";
import { type Domain, type DomainOptions, domainPrompts, sidesOf, withoutHeldOut } from "./domain-prompts.ts";
import { type PresetName, withPreset } from "./presets.ts";
import { trainingFolder } from "./training-folder.ts";
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
  const interrupt = onInterrupt(progress, resumeCommand(process.argv.slice(2)));
  let release: (() => void) | null = null;
  try {
    const from = options.from === undefined ? null : await openStart(options.from, options.format, progress);
    const { checkpoint } = await openNamed(options, progress);
    const depth = checkpoint.config.layers.length;
    if (options.layer >= depth)
      throw badInput("--layer", `a block from 0 to ${depth - 1}`, String(options.layer));
    const plan = planOf(from === null ? options : fitted(options, from, checkpoint), from);
    const domain = await domainPrompts(options, plan.seed, checkpoint);
    // Where the start has seen what is held out, neither arm is judged by prompts that are new to it.
    if (from !== null && domain !== null) requireUnseen(from, domain.split.heldOut);
    const { name, inputs } = await trainingTexts(options, checkpoint);
    const texts = withoutHeldOut(inputs, domain);
    const labelled = {
      prompts: domain === null ? [] : [...domain.trained, ...domain.heldOut],
      answers: domain?.pooling === "answer",
    };
    const unused = texts.reduce((sum, { from }) => sum + from, 0);
    checkPlan({ name, count: tokensOf(texts) - unused + tokensOf(domain?.trained ?? []) }, plan);
    const settings = { ...settingsOf(options, plan, from, checkpoint, texts), ...domain?.settings };
    const folder = trainingFolder(options.out, settings, options.resume === true);
    release = holdAlone(folder.path);
    if (folder.rowsAreWhole) checkpoint.weights.close();
    else await captureRows(folder, texts, labelled, checkpoint, options, progress);

    const rows = rowsInShards(folder.rows);
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
        const tell = progressTeller(progress);
        return { ...(await trainSae(rows, site, plan, tell, session, keeping(), [], from)), verdict: null };
      }
      const { trainable, sides } = sidesOf(rows, readSpans(folder.spans), domain);
      // Each begins when its training does: it tells the time that is left.
      const tellers: Partial<Record<ArmName, ReturnType<typeof progressTeller>>> = {};
      const which = { with: "with the term, ", without: "without it, " };
      const { trained, verdict } = await trainContrasted(
        trainable,
        site,
        plan,
        domain.contrast,
        sides,
        (now, arm) => {
          (tellers[arm] ??= progressTeller(progress, which[arm]))(now);
        },
        session,
        { with: keeping("with"), without: keeping("without") },
        from,
      );
      const seen = [...(from?.trainedOnPrompts ?? []), ...domain.split.trained.map(fingerprintOf)];
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
    else await print(`${summary(options.out, told)}\n`);
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

async function openStart(named: string, format: string | undefined, progress: Progress): Promise<Sae> {
  return openSae((await locateSae(named, progress)).path, format);
}

/** With the objective that trains the SAE on. */
function fitted(options: SaeTrainOptions, from: Sae, { config }: Checkpoint): SaeTrainOptions {
  const place = { layer: options.layer, d_in: config.hiddenSize };
  return { ...options, objective: objectiveFor(from, place, options.objective) };
}

/** What is told of a training: with a domain, the verdict on its term too. */
interface Told extends TrainedSae {
  verdict: Verdict | null;
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

/** @param which of several trainings */
function progressTeller(progress: Progress, which = ""): (now: TrainingProgress) => void {
  const started = performance.now();
  let before: number | null = null;
  return ({ step, steps, unexplained, meanL0, dead, tokens }) => {
    // A run that was resumed has its pace from the steps done here; the first only says where it began.
    before ??= step - 1;
    const seconds = (performance.now() - started) / 1000;
    const left = (seconds / (step - before)) * (steps - step);
    progress.show(
      () =>
        `${which}step ${count(step)} of ${count(steps)}: unexplained ${formatNumber(unexplained)}, L0 ${formatNumber(meanL0)}, ${count(dead)} dead, ${count(tokens)} tokens, ${duration(left)} left`,
    );
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
    writeTextAtomically(
      join(out, unseenName),
      unseen.map((prompt) => `${JSON.stringify(prompt)}\n`).join(""),
    );
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

function summary(out: string, { sae, quality, record, verdict }: Told): string {
  const { varianceExplained, meanL0, dead, tokens } = quality;
  return [
    `${out}: ${record["objective"]}, ${count(sae.d_sae)} features of ${sae.site?.hookName}`,
    `on ${count(tokens)} tokens kept aside: variance explained ${formatNumber(varianceExplained.ordinary)} without outliers (${formatNumber(varianceExplained.all)} with), L0 ${formatNumber(meanL0)}, dead ${formatNumber(100 * dead.share)}%`,
    `${record["rows_above_norm"]} of the tokens to train on left out: their norm is above ${record["maxNormMultiple"]} times the median`,
    ...(verdict === null ? [] : [verdict.finding.sentence]),
  ].join("\n");
}
