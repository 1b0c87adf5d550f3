/** A report on an SAE as a job: the load gate, and then all measurements on a model's own activations. */
import { rmSync } from "node:fs";
import { badInput, FathomError } from "../../core/errors.ts";
import { hashJson } from "../../core/hash.ts";
import { type SaeReport, saeReportSchema } from "../../core/records/sae-report.ts";
import { scratchFolder } from "../../files/disk/io.ts";
import { type Checkpoint, notesOf } from "../../model/checkpoint/checkpoint.ts";
import { modelOf } from "../../model/model.ts";
import { SaeSession } from "../../sae/code/sae-session.ts";
import { openSae } from "../../sae/formats/open-sae.ts";
import { requireFits } from "../../sae/measure/gate/gate.ts";
import { evenly } from "../../sae/measure/quality/residual-sample.ts";
import { SplicedTexts } from "../../sae/measure/quality/splice.ts";
import { measureSae } from "../../sae/measure/report/report.ts";
import { readTraining } from "../../sae/training/training-curve.ts";
import { engineOptions } from "../inputs/engine-options.ts";
import {
  answersTo,
  gateOn,
  gateSamples,
  gateSpool,
  givenTexts,
  type JudgedTexts,
  splicedTokens,
  textsRead,
} from "../inputs/judged-texts.ts";
import { locateSae } from "../inputs/locate.ts";
import { openNamed, tellNotes } from "../inputs/open-named.ts";
import { type Job, type JobContext, untilAborted } from "../job/job.ts";
import { reportIdentities } from "./sae-report-identities.ts";

/** The plan of a report. It states every choice. */
export interface SaeReportPlan {
  /** A Hugging Face directory, a .gguf file, or a repository of the hub. */
  model: string;
  /** A LoRA adapter over it. */
  adapter: string | null;
  sae: string;
  /** Format of the SAE's file; null: recognized from the files' names. */
  format: string | null;
  /** k of the SAE, if its file does not state it; otherwise null. */
  k: number | null;
  /** Block to judge the SAE at; null: the SAE's own. */
  layer: number | null;
  texts: JudgedTexts;
  /** Tokens to read, taken evenly from all the texts. */
  tokens: number;
  /** How many features to list, chosen evenly from those that are active. */
  features: number;
  /** More features to list. */
  show: number[];
  /** Per listed feature: the strongest contexts and those drawn at random, the tokens before and behind each, and logits. */
  contexts: { strongest: number; drawn: number; before: number; behind: number; logits: number };
  /** Seed of the intervals, and of the contexts that are drawn at random. */
  seed: number;
  /** If the gate is closed, report that it was overridden. */
  allowFailed: boolean;
  /** Also show contexts from a model's answers. */
  showText: boolean;
}

/** @throws FathomError for an SAE of another width or layer, because nothing can be measured about it */
export const saeReport: Job<SaeReportPlan, SaeReport> = async (plan, context) =>
  await untilAborted(context.signal, async () => {
    const begun = new Date();
    const scratch = scratchFolder("fathom-sae-report-");
    try {
      return await reportOf(plan, context, scratch, begun);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  });

async function reportOf(
  plan: SaeReportPlan,
  context: JobContext,
  folder: string,
  begun: Date,
): Promise<SaeReport> {
  const { tell, signal } = context;
  const { layer: asked, allowFailed, show, seed } = plan;
  const { checkpoint, origins } = await openNamed(plan, tell);
  const located = await locateSae(plan.sae, tell);
  const sae = openSae(located.path, plan.format ?? undefined, plan.k ?? undefined);
  const { config } = checkpoint;
  const facts = { name: checkpoint.name, hiddenSize: config.hiddenSize, layers: config.layers.length };
  const layer = requireFits(sae, facts, asked ?? undefined, allowFailed);
  const beyond = show.find((feature) => feature >= sae.d_sae);
  if (beyond !== undefined) throw badInput("--show", `features from 0 to ${sae.d_sae - 1}`, String(beyond));
  const { curve, contrastive } = readTraining(located.path);
  const given = await givenTexts(plan.texts, checkpoint);
  const { threads, keepRounded } = context;
  const engine = threads === null ? {} : { threads };
  tellNotes(checkpoint, answersTo(given), tell);
  // An SAE is measured on the activations of the exact model.
  const exactly = { threads, keepRounded, precision: "fp32", device: "cpu" } as const;
  signal.throwIfAborted();
  const spool = gateSpool();
  const model = await modelOf(checkpoint, engineOptions(exactly, tell, signal));
  const session = await SaeSession.open(sae, engine);
  try {
    const read = await textsRead(model, given, plan.tokens, tell);
    const texts = plan.showText ? read.map((text) => ({ ...text, shown: text.ids.length })) : read;
    const site = { layer, asked: asked !== null, allowFailed };
    const sample = (await gateSamples(model, [layer], texts, spool, tell)).get(layer)!;
    const spliced = new SplicedTexts(model, [layer], evenly(sample.texts, splicedTokens.report), spool);
    const { result, losses } = await gateOn(session, facts, site, sample, spliced, tell);
    signal.throwIfAborted();
    const { read: about, ...measured } = await measureSae({
      model,
      session,
      layer,
      texts,
      losses,
      limits: { ...plan.contexts, features: plan.features, show },
      folder,
      seed,
      engine,
      onWork: (words) => {
        tell({ kind: "working", what: words });
      },
    });
    const { passed, checks, mistake, notes } = result;
    const identities = reportIdentities({
      checkpoint,
      sae,
      layer,
      given,
      origins: { model: origins.model, sae: located.origin },
      tokens: hashJson(texts.map(({ ids }) => [...ids])),
      seed,
      begun,
    });
    return saeReportSchema.parse({
      schema: 1,
      kind: "sae",
      title: `Sparse autoencoder of ${checkpoint.name}, block ${layer}`,
      identities,
      sae: { kind: sae.kind, d_in: sae.d_in, d_sae: sae.d_sae, k: sae.k, layer },
      model: checkpoint.name,
      notes: [...notesOf(checkpoint, answersTo(given)), ...withoutText(checkpoint)],
      read: { source: given.source, ...about },
      gate: {
        passed,
        allowed_to_fail: !passed && allowFailed,
        checks,
        mistake: mistake?.sentence ?? null,
        notes: [...notes],
      },
      curve,
      contrastive,
      ...measured,
      not_measured:
        curve === null
          ? [...measured.not_measured, "How its training went: there is no training.json beside the SAE."]
          : measured.not_measured,
    } satisfies SaeReport);
  } finally {
    spool.close();
    await session.close();
    await model.close();
  }
}

function withoutText({ text }: Checkpoint): string[] {
  if (!(text instanceof FathomError)) return [];
  const { expected, found } = text.problem;
  return [
    `Tokens are shown by their ids in brackets, without a tokenizer: expected ${expected}, found ${found}.`,
  ];
}
