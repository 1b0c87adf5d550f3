/**
 * The load gate: a dictionary that does not explain this model's own activations on these prompts and its clean answers is not
 * searched.
 */
import type { Spool } from "../../../files/disk/spool.ts";
import type { Model } from "../../../model/model.ts";
import { SaeSession } from "../../../sae/code/sae-session.ts";
import { evenly, type Sample, type SampleText } from "../../../sae/measure/quality/residual-sample.ts";
import { SplicedTexts } from "../../../sae/measure/quality/splice.ts";
import { gateOn, gateSamples, gateSpool, splicedTokens } from "../../inputs/judged-texts.ts";
import type { Tell } from "../../job/job-events.ts";
import type { CleanAnswer } from "../answers/clean-answers.ts";
import type { Memory } from "../memory/memory.ts";
import type { ReadPrompt } from "../reading/read-prompt.ts";
import type { Dictionary } from "./dictionary.ts";

export interface Gated {
  passed: boolean;
  /** Share of the variance that its features explain, without massive tokens; null if it was not measured. */
  explained: number | null;
  /** The checks that failed, as sentences. */
  failed: string[];
}

interface Gating {
  model: Model;
  memory: Memory;
  prompts: readonly ReadPrompt[];
  /** [prompts] */
  answers: readonly CleanAnswer[];
  threads: number | null;
  tell: Tell;
}

/** Asks the gate about each. The model reads the texts once for all, and not at all if every result is known. */
export async function gatedDictionaries(
  dictionaries: readonly Dictionary[],
  gating: Gating,
): Promise<{ dictionary: Dictionary; gate: Gated }[]> {
  const { prompts, answers } = gating;
  const texts: SampleText[] = prompts.flatMap(({ id, side, ids }, i) => {
    const answer = answers[i]!.ids;
    return answer.length === 0 ? [] : [{ id: `${side} ${id}`, ids: [...ids, ...answer], from: ids.length }];
  });
  const layers = [...new Set(dictionaries.map(({ layer }) => layer))];
  const spool = gateSpool();
  let read: Promise<Read> | null = null;
  const reading = () => (read ??= readOnce(gating, layers, texts, spool));
  const done: { dictionary: Dictionary; gate: Gated }[] = [];
  try {
    for (const dictionary of dictionaries)
      done.push({ dictionary, gate: await gated(dictionary, texts, reading, gating) });
  } finally {
    spool.close();
  }
  return done;
}

/** What the model made of the texts, for all dictionaries. */
interface Read {
  samples: ReadonlyMap<number, Sample>;
  spliced: SplicedTexts;
}

async function readOnce(
  { model, tell }: Gating,
  layers: readonly number[],
  texts: readonly SampleText[],
  spool: Spool,
): Promise<Read> {
  const samples = await gateSamples(model, layers, texts, spool, tell);
  const spliced = new SplicedTexts(
    model,
    layers,
    evenly(samples.get(layers[0]!)!.texts, splicedTokens.check),
    spool,
  );
  return { samples, spliced };
}

async function gated(
  { sae, layer }: Dictionary,
  texts: readonly SampleText[],
  reading: () => Promise<Read>,
  { model, memory, threads, tell }: Gating,
): Promise<Gated> {
  const { name, config } = model.checkpoint;
  const facts = { name, hiddenSize: config.hiddenSize, layers: config.layers.length };
  const inputs = { sae: sae.identity(), layer, texts: texts.map(({ ids }) => [...ids]) };
  return await memory.recall("load gate", inputs, async () => {
    const session = await SaeSession.open(sae, threads === null ? {} : { threads });
    try {
      const site = { layer, asked: false, allowFailed: false };
      const { samples, spliced } = await reading();
      const { result } = await gateOn(session, facts, site, samples.get(layer)!, spliced, tell);
      return {
        passed: result.passed,
        explained: result.quality?.varianceExplained.ordinary ?? null,
        failed: result.checks.filter(({ status }) => status === "fail").map(({ sentence }) => sentence),
      };
    } finally {
      await session.close();
    }
  });
}
