/** Captures the rows that SAEs are trained and judged on: resid_post of every token at each layer, in shards on the disk. */
import { z } from "zod";
import { badInput } from "../../core/errors.ts";
import { readText, writeTextAtomically } from "../../files/disk/io.ts";
import { sealed, unsealed } from "../../files/lines/sealed-line.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import type { CapturedPiece } from "../../model/engine/capture.ts";
import { CapturedRows } from "../../model/engine/captured-rows.ts";
import { modelOf, type OpenOptions } from "../../model/model.ts";
import { ShardWriter, shardBytes } from "../../sae/code/activation-shards.ts";
import type { Span } from "../../sae/domain/labelled.ts";
import { answered } from "../../sae/measure/quality/residual-sample.ts";
import type { EncodedInput } from "../inputs/encode-inputs.ts";
import { tellNotes } from "../inputs/open-named.ts";
import type { Tell } from "../job/job-events.ts";
import type { TrainingFolder } from "./training-folder.ts";
import type { TrainingText } from "./training-texts.ts";

/** How many prompts are in memory at a time, if their order must be kept. */
const promptsAtATime = 64;

/** The most tokens of an answer, if features are pooled over answers. */
export const answerTokens = 48;

/** Prompts whose order is kept. With `answers`, the model's own answer follows each prompt. */
export interface LabelledInputs {
  prompts: readonly EncodedInput[];
  answers: boolean;
}

/** A layer, and the folder that its rows go to. */
export interface CapturePlace {
  layer: number;
  folder: TrainingFolder;
}

/**
 * The model reads each token once for all layers.
 * @param places the layers, each once
 * @param texts rows are written in the order in which the engine reads these; the rows of the labelled prompts follow
 */
export async function captureRows(
  places: readonly CapturePlace[],
  texts: readonly TrainingText[],
  { prompts, answers }: LabelledInputs,
  checkpoint: Checkpoint,
  engine: OpenOptions,
  tell: Tell,
): Promise<void> {
  const width = checkpoint.config.hiddenSize;
  const layers = places.map(({ layer }) => layer);
  // The writers hold the memory of one full shard together, whatever the number of layers.
  const rowsPerShard = Math.ceil(shardBytes / 4 / width / places.length);
  const writers = new Map(
    places.map(({ layer, folder }) => [layer, new ShardWriter(folder.rows, width, rowsPerShard)] as const),
  );
  tellNotes(checkpoint, answers ? "greedy" : "none", tell);
  const model = await modelOf(checkpoint, engine);
  try {
    if (answers) tell({ kind: "working", what: "the model answers the prompts" });
    const labelled = answers
      ? await answered(model, prompts, answerTokens)
      : prompts.map((prompt) => ({ ...prompt, from: 0 }));
    const total = tokensOf(texts) + tokensOf(labelled);
    const what = { layers, logits: false, edits: [] };
    let read = 0;
    const onTokens = (tokens: number) => {
      read += tokens;
      tell({ kind: "counted", what: "capturing", done: read, total, unit: "tokens" });
    };
    // A text comes in pieces, in order. This counts, per layer and text, the numbers that must still be skipped: those of tokens
    // not trained on.
    const unused = new Map(layers.map((layer) => [layer, texts.map(({ from }) => from * width)]));
    const put = ({ index, place, values }: CapturedPiece) => {
      const [writer, left] = [writers.get(Number(place))!, unused.get(Number(place))!];
      const skipped = Math.min(left[index]!, values.length);
      left[index]! -= skipped;
      writer.put(values.subarray(skipped));
    };
    if (texts.length > 0) await model.capture(texts, what, put, onTokens);
    for (let at = 0; at < labelled.length; at += promptsAtATime) {
      const some = labelled.slice(at, at + promptsAtATime);
      const captured = new CapturedRows();
      await model.capture(some, what, captured.take, onTokens);
      for (const [layer, writer] of writers) for (const i of some.keys()) writer.put(captured.row(i, layer));
    }
    const spans = labelled.map(({ ids, from }): Span => ({ length: ids.length, from }));
    for (const { folder, layer } of places) {
      writeTextAtomically(folder.spans, sealed({ spans }));
      writers.get(layer)!.finish();
    }
  } finally {
    await model.close();
  }
}

/** @throws FathomError for a file that `captureRows` did not write */
export function readSpans(path: string): Span[] {
  const spans = z.array(z.strictObject({ length: z.int().positive(), from: z.int().nonnegative() }));
  const kept = unsealed(Buffer.from(readText(path).trimEnd(), "utf8"), path);
  // Older versions wrote only the list.
  const parsed = z.union([spans, z.strictObject({ spans }).transform((one) => one.spans)]).safeParse(kept);
  if (!parsed.success) throw badInput(path, "the spans of prompts", "something else");
  return parsed.data;
}

export function tokensOf(inputs: readonly { ids: readonly number[] }[]): number {
  return inputs.reduce((sum, { ids }) => sum + ids.length, 0);
}
