/**
 * A training of an SAE as a job. It works in `OUT.training` (training-folder.ts): settings, activations, the last state. The SAE
 * is written to `OUT` at the end, and the folder is then removed.
 */
import { join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { hashJson, type Json } from "../../core/hash.ts";
import type { ContrastiveVerdict } from "../../core/records/contrastive-verdict.ts";
import { writeTextAtomically } from "../../files/disk/io.ts";
import { jsonLines } from "../../files/lines/json-lines.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import { rowsInShards } from "../../sae/code/activation-shards.ts";
import { fingerprintOf, requireUnseen, unseenName } from "../../sae/code/fingerprint.ts";
import type { Rows } from "../../sae/code/rows.ts";
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
import { engineOptions } from "../inputs/engine-options.ts";
import { locateSae } from "../inputs/locate.ts";
import { openNamed } from "../inputs/open-named.ts";
import { type DirectoryContext, type Job, untilAborted } from "../job/job.ts";
import type { Tell } from "../job/job-events.ts";
import { captureRows, type LabelledInputs, readSpans, tokensOf } from "./capture-rows.ts";
import { type Domain, domainPrompts, withoutPrompts } from "./domain-prompts.ts";
import type { SaeTrainingPlan } from "./sae-training-plan.ts";
import { seedRowsOf } from "./seed-rows.ts";
import { trainingPlanOf } from "./training-choices.ts";
import { type TrainingEvent, tellSteps, tellStepsOfAll } from "./training-events.ts";
import { type TrainingFolder, type TrainingSettings, trainingFolder } from "./training-folder.ts";
import { type TrainingText, trainingTexts } from "./training-texts.ts";

/** The SAE in `OUT`, and how its training went. With a domain, also the verdict on the contrastive term. */
export interface SaeTrainingResult extends TrainedSae {
  verdict: ContrastiveVerdict | null;
}

type TrainingContext = DirectoryContext<TrainingEvent>;

/** Everything that decides the result. */
interface OpenedTraining {
  from: Sae | null;
  checkpoint: Checkpoint;
  training: TrainingPlan;
  texts: TrainingText[];
  labelled: LabelledInputs;
  domain: Domain | null;
  settings: TrainingSettings;
}

export const saeTraining: Job<SaeTrainingPlan, SaeTrainingResult, TrainingContext> = async (plan, context) =>
  await untilAborted(context.signal, async () => {
    const { out, resume, tell, signal } = context;
    const opened = await openTraining(plan, context);
    const { checkpoint, settings, texts, labelled } = opened;
    signal.throwIfAborted();
    const folder = trainingFolder(out, settings, resume);
    try {
      if (folder.rowsAreWhole) checkpoint.weights.close();
      else {
        const { threads, keepRounded } = context;
        const { precision, device, layer } = plan;
        const engine = engineOptions({ threads, precision, device, keepRounded }, tell, signal);
        await captureRows(folder, texts, labelled, checkpoint, { engine, layer }, tell);
      }
      const rows = rowsInShards(folder.rows, folder.rowsAreWhole);
      tell({ kind: "stoppable", now: true });
      const { verdict, ...trained } = await train(rows, folder, opened, plan, context).finally(() => {
        rows.close();
      });
      tell({ kind: "stoppable", now: false });
      const result = { ...trained, verdict, record: { ...settings, ...trained.record } };
      save(out, result, opened.domain);
      folder.remove();
      return result;
    } finally {
      folder.release();
    }
  });

/** @throws FathomError for a wrong plan, model, text or SAE, before the model reads a token */
async function openTraining(
  plan: SaeTrainingPlan,
  { threads, tell }: TrainingContext,
): Promise<OpenedTraining> {
  const { layer, chat, precision, device } = plan;
  const from = plan.from === null ? null : await openStart(plan.from, tell);
  const { checkpoint } = await openNamed(plan, tell);
  const { config, identity } = checkpoint;
  const depth = config.layers.length;
  if (layer >= depth) throw badInput("--layer", `a block from 0 to ${depth - 1}`, String(layer));
  const training = trainingPlanOf(plan.training, from, { layer, d_in: config.hiddenSize });
  const domain =
    plan.domain === null ? null : await domainPrompts(plan.domain, plan.training.seed, chat, checkpoint);
  // An SAE to start from may not have seen the held-out prompts. Otherwise no arm would be judged on new prompts.
  if (from !== null) for (const { heldOut } of domain?.splits ?? []) requireUnseen(from, heldOut);
  const { name, inputs } = await trainingTexts(plan, checkpoint);
  const texts = withoutPrompts(inputs, domain);
  const used = tokensOf(texts) - texts.reduce((sum, { from: unused }) => sum + unused, 0);
  for (const { tokens } of domain?.splits ?? [{ tokens: 0 }])
    checkPlan({ name, count: used + tokens }, training);
  return {
    from,
    checkpoint,
    training,
    texts,
    labelled: { prompts: domain?.inputs ?? [], answers: domain?.pooling === "answer" },
    domain,
    settings: {
      ...training,
      from: from?.identity() ?? "none",
      layer,
      model: identity.model,
      adapter: identity.adapter ?? "none",
      tokens: hashJson(texts.map(({ ids, from: unused }) => ({ ids, from: unused }))),
      precision,
      device,
      // Another number of threads adds in another order, which changes the last bits.
      threads: threads ?? "one a core",
      ...domain?.settings,
    },
  };
}

async function openStart({ sae, format, k }: NonNullable<SaeTrainingPlan["from"]>, tell: Tell): Promise<Sae> {
  return openToTrainOn((await locateSae(sae, tell)).path, format ?? undefined, k ?? undefined);
}

async function train(
  rows: Rows,
  folder: TrainingFolder,
  { from, training, domain, checkpoint }: OpenedTraining,
  { layer, checkpointEvery }: SaeTrainingPlan,
  { threads, tell, signal }: TrainingContext,
): Promise<SaeTrainingResult> {
  const size = { d_in: rows.width, d_sae: training.d_sae, steps: training.steps };
  const names = trainedNames(objectiveOf(training, rows.width).own);
  const keeping = (name?: string): Keeping => {
    const { path, kept } = folder.state(name);
    const begun = kept ? readState(path, names, size) : null;
    return { from: begun, every: checkpointEvery, keep: writeState.bind(null, path), signal };
  };
  const site = siteOf(residPost(layer), checkpoint.name);
  const session = threads === null ? {} : { threads };
  if (domain === null) {
    const onStep = tellSteps(tell);
    const trained = await trainSae(rows, site, training, onStep, session, keeping(), [], from);
    return { ...trained, verdict: null };
  }
  const { contrast, randomTiers, splits } = domain;
  const seeds = seedRowsOf(rows, readSpans(folder.spans), domain);
  const { trained, verdict } = await trainContrasted(
    { seeds, site, plan: training, contrast, randomTiers, from },
    tellStepsOfAll(tell, trainingsOf(seeds, randomTiers)),
    session,
    ({ seed, arm }) => keeping(`${arm}-${seed}`),
  );
  const seen = [...(from?.trainedOnPrompts ?? []), ...splits[0]!.trained.map(fingerprintOf)];
  const trainedOnPrompts = [...new Set(seen)];
  return { ...trained, sae: { ...trained.sae, trainedOnPrompts }, verdict };
}

/** Writes the curve first: an SAE counts as finished when its config is there. */
function save(out: string, result: SaeTrainingResult, domain: Domain | null): void {
  const { sae, quality, curve } = result;
  const training = recordOf(result);
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

/** The record of the training that is kept beside the SAE. */
export function recordOf({ record, verdict }: SaeTrainingResult): Json {
  return verdict === null ? record : { ...record, verdict };
}
