/**
 * A training of one SAE per layer as a job. Each works in a folder of its own (training-places.ts): settings, activations, the
 * last state. The model reads the texts once for all layers, then the SAEs are trained one by one. Each is written as soon as it is
 * finished, and its folder is then removed.
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
import { type StepsOfLayer, type TrainingEvent, tellSteps } from "./training-events.ts";
import type { TrainingFolder, TrainingSettings } from "./training-folder.ts";
import { release, type TakenPlace, takePlaces } from "./training-places.ts";
import { type TrainingText, trainingTexts } from "./training-texts.ts";

/** The SAE, and how its training went. With a domain, also the verdict on the contrastive term. */
export interface SaeTrainingResult extends TrainedSae {
  verdict: ContrastiveVerdict | null;
}

export interface LayerTraining {
  layer: number;
  /** The SAE's folder: `OUT` for a training of one layer, `OUT/layer-N` otherwise. */
  out: string;
  /** null: an earlier session finished this layer. */
  result: SaeTrainingResult | null;
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
  settingsOf: (layer: number) => TrainingSettings;
}

/** @returns one entry per layer of the plan, in its order */
export const saeTraining: Job<SaeTrainingPlan, LayerTraining[], TrainingContext> = async (plan, context) =>
  await untilAborted(context.signal, async () => {
    const { out, resume, signal } = context;
    const opened = await openTraining(plan, context);
    signal.throwIfAborted();
    const places = takePlaces(out, plan.layers, opened.settingsOf, resume);
    try {
      await captureMissing(places, opened, plan, context);
      const left = places.flatMap(({ layer, folder }) => (folder === null ? [] : [layer]));
      const steps = tellSteps(context.tell, left);
      const trained: LayerTraining[] = [];
      for (const { layer, out: to, folder } of places) {
        const place = folder === null ? null : { layer, out: to, folder };
        const result = place === null ? null : await trainLayer(place, opened, plan, context, steps);
        trained.push({ layer, out: to, result });
      }
      return trained;
    } finally {
      release(places);
    }
  });

/** Captures the layers whose activations are not on the disk yet, all in one pass. */
async function captureMissing(
  places: readonly TakenPlace[],
  { checkpoint, texts, labelled }: OpenedTraining,
  { precision, device }: SaeTrainingPlan,
  { threads, keepRounded, tell, signal }: TrainingContext,
): Promise<void> {
  const missing = places.flatMap(({ layer, folder }) =>
    folder === null || folder.rowsAreWhole ? [] : [{ layer, folder }],
  );
  if (missing.length === 0) {
    checkpoint.weights.close();
    return;
  }
  const engine = engineOptions({ threads, precision, device, keepRounded }, tell, signal);
  await captureRows(missing, texts, labelled, checkpoint, engine, tell);
}

interface LayerPlace {
  layer: number;
  out: string;
  folder: TrainingFolder;
}

/** Trains one layer's SAE on its rows, writes it and removes the training's folder. */
async function trainLayer(
  place: LayerPlace,
  opened: OpenedTraining,
  plan: SaeTrainingPlan,
  context: TrainingContext,
  steps: StepsOfLayer,
): Promise<SaeTrainingResult> {
  const { layer, out, folder } = place;
  const rows = rowsInShards(folder.rows, folder.rowsAreWhole);
  context.tell({ kind: "stoppable", now: true });
  const { verdict, ...trained } = await train(rows, place, opened, plan, context, steps).finally(() => {
    rows.close();
  });
  context.tell({ kind: "stoppable", now: false });
  const settings = opened.settingsOf(layer);
  const result = { ...trained, verdict, record: { ...settings, ...trained.record } };
  save(out, result, opened.domain);
  folder.remove();
  return result;
}

/** @throws FathomError for a wrong plan, model, text or SAE, before the model reads a token */
async function openTraining(
  plan: SaeTrainingPlan,
  { threads, tell }: TrainingContext,
): Promise<OpenedTraining> {
  const { layers, chat, precision, device } = plan;
  const [layer] = layers;
  if (layer === undefined) throw badInput("--layer", "at least one block", "none");
  if (plan.from !== null && layers.length > 1)
    throw badInput("--from", "one --layer, that of the SAE to start from", layers.join(","));
  const from = plan.from === null ? null : await openStart(plan.from, tell);
  const { checkpoint } = await openNamed(plan, tell);
  const { config, identity } = checkpoint;
  const depth = config.layers.length;
  const deeper = layers.find((one) => one >= depth);
  if (deeper !== undefined) throw badInput("--layer", `a block from 0 to ${depth - 1}`, String(deeper));
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
  const tokens = hashJson(texts.map(({ ids, from: unused }) => ({ ids, from: unused })));
  return {
    from,
    checkpoint,
    training,
    texts,
    labelled: { prompts: domain?.inputs ?? [], answers: domain?.pooling === "answer" },
    domain,
    settingsOf: (at) => ({
      ...training,
      from: from?.identity() ?? "none",
      layer: at,
      model: identity.model,
      adapter: identity.adapter ?? "none",
      tokens,
      precision,
      device,
      // Another number of threads adds in another order, which changes the last bits.
      threads: threads ?? "one a core",
      ...domain?.settings,
    }),
  };
}

async function openStart({ sae, format, k }: NonNullable<SaeTrainingPlan["from"]>, tell: Tell): Promise<Sae> {
  return openToTrainOn((await locateSae(sae, tell)).path, format ?? undefined, k ?? undefined);
}

async function train(
  rows: Rows,
  { layer, folder }: LayerPlace,
  { from, training, domain, checkpoint }: OpenedTraining,
  { checkpointEvery }: SaeTrainingPlan,
  { threads, signal }: TrainingContext,
  steps: StepsOfLayer,
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
    const onStep = steps(layer, null);
    const trained = await trainSae(rows, site, training, onStep, session, keeping(), [], from);
    return { ...trained, verdict: null };
  }
  const { contrast, randomTiers, splits } = domain;
  const seeds = seedRowsOf(rows, readSpans(folder.spans), domain);
  const { trained, verdict } = await trainContrasted(
    { seeds, site, plan: training, contrast, randomTiers, from },
    steps(layer, trainingsOf(seeds, randomTiers)),
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
