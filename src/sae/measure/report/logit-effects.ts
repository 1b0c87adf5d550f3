/**
 * The direct effect of one feature on the next token's logits: its decoder row times the final norm's weight times the
 * unembedding, minus the mean over the vocabulary, per unit of activation. This is direct logit attribution as in
 * TransformerLens (weights folded, unembedding centred). Later blocks, the norm's scale and soft caps are left out.
 */
import type { LogitEffect } from "../../../core/records/sae-report.ts";
import { Graph } from "../../../graph/build/graph.ts";
import { matmul } from "../../../graph/ops/ops.ts";
import { finalNormName, headName } from "../../../model/architecture/block-graphs.ts";
import { type Checkpoint, tokenizerIn } from "../../../model/checkpoint/checkpoint.ts";
import { Tensor } from "../../../model/ort/ort.ts";
import { openWeightless, type SessionOptions } from "../../../model/ort/session.ts";
import { tokenText } from "../../../model/text/token-texts.ts";
import type { Matrix } from "../../code/matrix.ts";

/** Most numbers of the unembedding, and of effects, in memory at a time: 64 MB. */
const blockValues = 2 ** 24;

export const logitConvention =
  "Decoder row × the final norm's weight × the unembedding, minus the mean over the vocabulary, per unit of activation; " +
  "the effects of later blocks, of the norm's scale and of soft caps are left out.";

interface Effects {
  raised: LogitEffect[];
  lowered: LogitEffect[];
}

/**
 * @param W_dec [d_sae, d_model]
 * @param features the features to describe
 * @param most how many tokens are returned as raised, and how many as lowered
 * @returns one per feature, in their order; null if the head has an adapter, because the sum of both is not stored as
 *   a matrix
 */
export async function logitEffects(
  checkpoint: Checkpoint,
  W_dec: Matrix,
  features: readonly number[],
  most: number,
  options: SessionOptions = {},
): Promise<Effects[] | null> {
  const { weights, config } = checkpoint;
  if (config.headLowRank !== undefined) return null;
  const { hiddenSize: d, vocabSize } = config;
  const gain = weights.read(finalNormName).map((weight) => weight + config.normOffset);
  const rows = W_dec.take(0, features).map((value, at) => value * gain[at % d]!);
  const found = features.map(() => ({ high: new Best(most), low: new Best(most), sum: 0 }));
  const session = await openWeightless(effectGraph(d), options);
  try {
    const size = Math.max(1, Math.floor(blockValues / Math.max(d, features.length)));
    for (let from = 0; from < vocabSize; from += size) {
      const to = Math.min(vocabSize, from + size);
      const outputs = await session.run({
        rows: new Tensor("float32", rows, [features.length, d]),
        unembedding: new Tensor("float32", weights.read(headName(config), [from, to]), [to - from, d]),
      });
      const effects = outputs["effects"]!.data as Float32Array;
      for (const [i, feature] of found.entries())
        for (let j = 0; j < to - from; j++) {
          const effect = effects[i * (to - from) + j]!;
          feature.sum += effect;
          feature.high.offer(from + j, effect);
          feature.low.offer(from + j, -effect);
        }
    }
  } finally {
    await session.release();
  }
  const tokenizer = tokenizerIn(checkpoint);
  const texts = new Map<number, string>();
  const named = (id: number) => {
    const text = texts.get(id) ?? tokenText(tokenizer, id);
    texts.set(id, text);
    return text;
  };
  return found.map(({ high, low, sum }) => {
    const mean = sum / vocabSize;
    const told = (best: Best, sign: 1 | -1) =>
      best.sorted().map(({ id, value }) => ({ id, token: named(id), effect: sign * value - mean }));
    return { raised: told(high, 1), lowered: told(low, -1) };
  });
}

/** rows [F, d], unembedding [V, d] → effects [F, V] */
function effectGraph(d: number): Graph {
  const graph = new Graph();
  const rows = graph.input("rows", "float32", ["F", d]);
  const unembedding = graph.input("unembedding", "float32", ["V", d]);
  graph.output("effects", matmul(rows, unembedding, { transB: true }));
  return graph;
}

/** Keeps the few largest of many values. */
class Best {
  readonly #most: number;
  #kept: { id: number; value: number }[] = [];
  #least = -Infinity;

  constructor(most: number) {
    this.#most = most;
  }

  offer(id: number, value: number): void {
    if (this.#kept.length === this.#most && !(value > this.#least)) return;
    this.#kept.push({ id, value });
    this.#kept = this.sorted().slice(0, this.#most);
    if (this.#kept.length === this.#most) this.#least = this.#kept.at(-1)!.value;
  }

  sorted(): { id: number; value: number }[] {
    return this.#kept.toSorted((a, b) => b.value - a.value || a.id - b.id);
  }
}
