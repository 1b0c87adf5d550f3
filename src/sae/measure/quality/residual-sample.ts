/** Real activations on which an SAE is judged: a model reads texts, and its activations at the SAE's site are kept. */
import type { Spool } from "../../../files/disk/spool.ts";
import { endsOf } from "../../../model/checkpoint/checkpoint.ts";
import { collectArrays } from "../../../model/checkpoint/collect-garbage.ts";
import type { Model } from "../../../model/model.ts";
import type { Rows } from "../../code/rows.ts";

export interface SampleText {
  id: string;
  ids: readonly number[];
  /**
   * Index of the first token that the model predicts, at least 1. For a prompt with its answer: the answer's first
   * token.
   */
  from: number;
}

export interface Sample {
  /** The texts that were read. */
  texts: readonly SampleText[];
  /** Residuals [n, d] of all their tokens, in order. */
  rows: Rows;
  /** The same after the block before and the block after, by block. */
  elsewhere: ReadonlyMap<number, Rows>;
  /** [n] 1 for the first token of a text. */
  isFirst: Uint8Array;
}

/** Prompts followed by the model's own greedy answers of at most `maxNewTokens` tokens. */
export async function answered(
  model: Model,
  prompts: readonly { id: string; ids: readonly number[] }[],
  maxNewTokens: number,
): Promise<SampleText[]> {
  const texts: SampleText[] = [];
  await model.generate(
    prompts.map(({ id, ids }) => ({ id, ids: [...ids], maxNewTokens, temperature: 0, seed: 0 })),
    { endTokens: endsOf(model.checkpoint), batchSize: 32, watch: [], captureLayers: [], edits: [] },
    ({ ids }, i) => {
      const prompt = prompts[i]!;
      texts[i] = { id: prompt.id, ids: [...prompt.ids, ...ids], from: prompt.ids.length };
    },
  );
  return texts;
}

/**
 * The samples of several blocks, by block. The model reads the texts once for all of them.
 * @param most how many tokens are enough. Whole texts are taken, spread evenly over all texts.
 * @param spool keeps the residuals. Those of many blocks together need more memory than a block of the model
 */
export async function samplesOf(
  model: Model,
  layers: readonly number[],
  texts: readonly SampleText[],
  most: number,
  spool: Spool,
  onTokens: (done: number, total: number) => void = () => undefined,
): Promise<ReadonlyMap<number, Sample>> {
  const chosen = evenly(texts, most);
  const { hiddenSize, layers: blocks } = model.checkpoint.config;
  const starts: number[] = [];
  let total = 0;
  for (const { ids } of chosen) {
    starts.push(total);
    total += ids.length;
  }
  const near = (layer: number) =>
    [layer - 1, layer, layer + 1].filter((place) => place >= 0 && place < blocks.length);
  const places = [...new Set(layers.flatMap(near))].sort((a, b) => a - b);
  const kept = new Map(places.map((place) => [place, spool.room(total * hiddenSize)]));
  const at = new Map(places.map((place) => [place, starts.map((start) => start * hiddenSize)]));
  let read = 0;
  await model.capture(
    chosen,
    { layers: places, logits: false, edits: [] },
    ({ index, place, values }) => {
      if (typeof place === "string") return;
      const next = at.get(place)!;
      kept.get(place)!.write(values, next[index]!);
      next[index]! += values.length;
    },
    (tokens) => {
      collectArrays();
      read += tokens;
      onTokens(read, total);
    },
  );
  const isFirst = new Uint8Array(total);
  for (const start of starts) isFirst[start] = 1;
  const rowsAt = (place: number): Rows => ({
    name: `activations after block ${place}`,
    count: total,
    width: hiddenSize,
    read: (from, to) => kept.get(place)!.part(from * hiddenSize, to * hiddenSize),
  });
  const elsewhere = (layer: number) =>
    new Map(
      near(layer)
        .filter((place) => place !== layer)
        .map((place) => [place, rowsAt(place)]),
    );
  return new Map(
    layers.map((layer) => [
      layer,
      { texts: chosen, rows: rowsAt(layer), elsewhere: elsewhere(layer), isFirst },
    ]),
  );
}

/** Takes texts spread evenly over all, with about `most` tokens in total, so that the mix of texts stays the same. */
export function evenly<T extends { ids: readonly number[] }>(texts: readonly T[], most: number): T[] {
  const all = texts.reduce((sum, { ids }) => sum + ids.length, 0);
  const share = Math.min(1, most / all);
  return texts.filter((_, i) => Math.ceil((i + 1) * share) > Math.ceil(i * share));
}
