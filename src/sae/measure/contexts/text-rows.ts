/** Maps rows of activations to the tokens of texts, and captures the activations of texts to the disk. */
import type { Model } from "../../../model/model.ts";
import { rowsInShards, type ShardedRows, ShardWriter } from "../../code/activation-shards.ts";
import type { SampleText } from "../quality/residual-sample.ts";

export interface ShownText extends SampleText {
  /** How many tokens from the start may be shown. A model's answer, new or recorded, may not be shown. */
  shown: number;
}

export interface TextLayout {
  /** Texts in the order of their rows. */
  texts: readonly ShownText[];
  /** The first row of each text. */
  starts: readonly number[];
  /** [n] the text of each row. */
  textOf: Int32Array;
}

export function layoutOf(texts: readonly ShownText[]): TextLayout {
  const starts: number[] = [];
  let total = 0;
  for (const { ids } of texts) {
    starts.push(total);
    total += ids.length;
  }
  const textOf = new Int32Array(total);
  for (const [i, start] of starts.entries()) textOf.fill(i, start, start + texts[i]!.ids.length);
  return { texts, starts, textOf };
}

/** [n] 1 for the first token of a text. */
export function firstOf({ starts, textOf }: TextLayout): Uint8Array {
  const isFirst = new Uint8Array(textOf.length);
  for (const start of starts) isFirst[start] = 1;
  return isFirst;
}

/**
 * Lets a model read texts and writes its activations after a block to the disk, so their number is not limited by memory.
 * @param folder is created, its old content removed; the caller removes it in the end
 * @returns rows, which the caller closes, and their layout: the texts in the order in which the engine took them
 * @throws FathomError if the disk is full
 */
export async function readToDisk(
  model: Model,
  layer: number,
  texts: readonly ShownText[],
  folder: string,
  onTokens: (done: number, total: number) => void = () => undefined,
): Promise<{ rows: ShardedRows; layout: TextLayout }> {
  const total = texts.reduce((sum, { ids }) => sum + ids.length, 0);
  const d = model.checkpoint.config.hiddenSize;
  // A shard's buffer always has its full size, so for few tokens the shards are made smaller.
  const writer = new ShardWriter(folder, d, Math.min(total, Math.ceil(2 ** 26 / d)));
  const order: number[] = [];
  let read = 0;
  await model.capture(
    texts,
    { layers: [layer], logits: false, edits: [] },
    ({ index, values }) => {
      if (order.at(-1) !== index) order.push(index);
      writer.put(values);
    },
    (tokens) => {
      read += tokens;
      onTokens(read, total);
    },
  );
  writer.finish();
  if (new Set(order).size !== order.length)
    throw new Error("readToDisk: expected the pieces of a text to come one after another");
  return { rows: rowsInShards(folder), layout: layoutOf(order.map((index) => texts[index]!)) };
}
