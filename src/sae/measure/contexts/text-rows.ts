/** Which row of activations is which token of which text, and activations of texts on the disk. */
import type { Model } from "../../../model/model.ts";
import { rowsInShards, type ShardedRows, ShardWriter } from "../../code/activation-shards.ts";
import type { SampleText } from "../quality/residual-sample.ts";

export interface ShownText extends SampleText {
  /** Tokens from the beginning that may be shown; what a model answered, now or in a recording, may not. */
  shown: number;
}

export interface TextLayout {
  /** In the order of their rows. */
  texts: readonly ShownText[];
  /** The first row of each. */
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
 * Lets a model read texts and keeps what it has after a block, however much that is.
 * @param folder made anew; whoever asked for it removes it
 * @returns rows to be closed, and their layout: the texts in the order in which the engine took them
 * @throws FathomError when the disk is full
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
  // A shard's buffer is of its full size, and a small text needs no such.
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
