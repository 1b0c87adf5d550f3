/**
 * Two models read the same tokens, and their next-token distributions are compared. Only one model is open at a time; the logits of the
 * first wait on the disk.
 */
import { Spool, type Spooled } from "../../../files/disk/spool.ts";
import type { Model } from "../../../model/model.ts";
import { compareLogits, type LogitComparison } from "../../../stats/kl.ts";

/** The tokens that a model reads, and where in them the compared distributions begin. */
export interface Reading {
  id: string;
  ids: number[];
  /** The position whose logits are the first that are compared: those of the token behind it. */
  from: number;
}

interface Comparison {
  readings: readonly Reading[];
  /** Opens each model. `compareModels` closes it. */
  first: () => Promise<Model>;
  second: () => Promise<Model>;
  /** Path beside which logits wait: positions · vocabulary · 4 bytes. */
  beside: string;
}

/**
 * @returns for each reading, KL(first ‖ second) at each position from `from` to its last
 * @throws FathomError if the disk has no room for the logits
 */
export async function compareModels({
  readings,
  first,
  second,
  beside,
}: Comparison): Promise<LogitComparison[][]> {
  const spool = new Spool(beside);
  try {
    const waiting: Spooled[][] = readings.map(() => []);
    await withModel(first, async (model) => {
      await eachPosition(model, readings, (logits, i) => waiting[i]!.push(spool.put(logits)));
    });
    const compared: LogitComparison[][] = readings.map(() => []);
    await withModel(second, async (model) => {
      await eachPosition(model, readings, (logits, i) => {
        const seen = compared[i]!;
        seen.push(compareLogits(waiting[i]![seen.length]!.whole(), logits));
      });
    });
    return compared;
  } finally {
    spool.close();
  }
}

async function withModel(open: () => Promise<Model>, work: (model: Model) => Promise<void>): Promise<void> {
  const model = await open();
  await work(model).finally(() => model.close());
}

/** Passes the logits [vocab] of each reading to `onLogits`: from position `from` on, position by position, in order. */
async function eachPosition(
  model: Model,
  readings: readonly Reading[],
  onLogits: (logits: Float32Array<ArrayBuffer>, reading: number) => void,
): Promise<void> {
  const { vocabSize } = model.checkpoint.config;
  const read = readings.map(() => 0);
  await model.capture(readings, { layers: [], logits: true, edits: [] }, ({ index, values }) => {
    for (let at = 0; at < values.length; at += vocabSize)
      if (read[index]!++ >= readings[index]!.from) onLogits(values.slice(at, at + vocabSize), index);
  });
}
