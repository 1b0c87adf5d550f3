/**
 * A checkpoint at work: embedding rows, one session per block, one for the head. Between two blocks the residual
 * stream is an ordinary tensor, so capturing keeps it and editing changes it. Runs in the worker (`worker.ts`),
 * because a session's run blocks its thread.
 */
import { type InferenceSession, Tensor } from "onnxruntime-node";
import { badInput } from "../core/errors.ts";
import type { KvCache } from "./cache.ts";
import type { ModelConfig } from "./config.ts";
import { type BatchEdits, Editor } from "./edits.ts";
import { blockPrefix, buildBlock, buildGenerationHead, type Declare, embeddingName } from "./parts.ts";
import { Positions } from "./positions.ts";
import { RotaryTables } from "./rotary.ts";
import { declareWeight, openSession, type SessionOptions } from "./session.ts";
import type { Weights } from "./weights.ts";

/** Embedding rows kept decoded. A prompt set uses few of a vocabulary's rows, again and again. */
const embeddingRowsKept = 16_384;

export interface StepOptions {
  edits?: BatchEdits | null;
  /** Called with each block's output [B, T, d] after its edits; the array is only good during the call. */
  capture?: (layer: number, residual: Float32Array) => void;
  /** Write the new keys and values into the cache (default) or leave it as it is. */
  remember?: boolean;
  /** Stop after this block. */
  lastLayer?: number;
  /** Pad every row to at least this many tokens. */
  atLeast?: number;
}

export interface Step {
  /** The output of the last block that ran, [B, T, d], rows right-padded to T. */
  residual: Float32Array<ArrayBuffer>;
  T: number;
}

export interface HeadResult {
  /** [N] best token. */
  token: Int32Array;
  /** [N, watch] log probabilities of the watched tokens. */
  watched: Float32Array;
  /** [N, vocab], when asked for. */
  logits: Float32Array | null;
}

export class Engine {
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly options: SessionOptions;
  private readonly blocks: readonly InferenceSession[];
  private readonly headSession: InferenceSession;
  private readonly rotary = new RotaryTables();
  /** Layers whose keys and values others attend to as well. */
  private readonly lenders: ReadonlySet<number>;
  private readonly editor: Editor;
  private readonly rows = new Map<number, Float32Array>();

  private constructor(
    config: ModelConfig,
    weights: Weights,
    options: SessionOptions,
    blocks: readonly InferenceSession[],
    headSession: InferenceSession,
  ) {
    this.config = config;
    this.weights = weights;
    this.options = options;
    this.blocks = blocks;
    this.headSession = headSession;
    this.lenders = new Set(config.layers.flatMap(({ kvFrom }) => (kvFrom === null ? [] : [kvFrom])));
    this.editor = new Editor(config.hiddenSize, options);
  }

  /** @param onPart told after each part is open, of layers + 1. */
  static async open(
    config: ModelConfig,
    weights: Weights,
    options: SessionOptions,
    onPart?: (done: number, total: number) => void,
  ): Promise<Engine> {
    const declare: Declare = (graph, name, dims) => declareWeight(graph, weights, name, dims);
    const total = config.layers.length + 1;
    // The head is the largest part, and a part takes several times its size while it opens: largest first.
    const head = await openSession(buildGenerationHead(config, declare), weights, {
      ...options,
      arena: true,
    });
    onPart?.(1, total);
    const blocks: InferenceSession[] = [];
    for (const [index, layer] of config.layers.entries()) {
      const { inputs, outputs } = buildBlock(config, layer, declare, blockPrefix(index));
      inputs.graph.output("y", outputs.y);
      if (outputs.made !== null) {
        inputs.graph.output("key", outputs.made.key);
        inputs.graph.output("value", outputs.made.value);
      }
      blocks.push(await openSession(inputs.graph, weights, options));
      onPart?.(blocks.length + 1, total);
    }
    return new Engine(config, weights, options, blocks, head);
  }

  /**
   * Reads new tokens into the slots [first, first + rows.length) of a cache and runs every block.
   * @param rows new token ids of each row, at least one each; shorter rows are right-padded
   */
  async step(
    cache: KvCache,
    first: number,
    rows: readonly (readonly number[])[],
    options: StepOptions = {},
  ): Promise<Step> {
    const { config } = this;
    const remember = options.remember ?? true;
    const B = rows.length;
    const counts = rows.map((row) => row.length);
    const T = Math.max(options.atLeast ?? 1, ...counts);
    const slots = rows.map((_, row) => cache.lengths[first + row]!);
    rows.forEach((row, i) => {
      if (row.length === 0)
        throw new RangeError(`step: expected at least one new token in row ${i}, got none`);
      if (slots[i]! + row.length > config.contextLength) {
        throw badInput(
          "prompt",
          `at most ${config.contextLength} tokens of context`,
          `${slots[i]! + row.length}`,
        );
      }
    });
    if (remember) cache.reserve(Math.max(...slots.map((length, row) => length + counts[row]!)));

    const S = cache.pastLength(first, B);
    const positions = new Positions(this.rotary, slots, S, T);
    const lent = new Map<number, { key: Tensor; value: Tensor }>();
    let x = new Tensor("float32", this.embed(rows, T), [B, T, config.hiddenSize]);
    const lastLayer = options.lastLayer ?? config.layers.length - 1;
    for (let layer = 0; layer <= lastLayer; layer++) {
      const own = config.layers[layer]!;
      const past = cache.past(own.kvFrom ?? layer, first, B);
      const makes = own.kvFrom === null && (remember || this.lenders.has(layer));
      const outputs = await this.blocks[layer]!.run(
        {
          x,
          ...positions.of(own),
          past_key: past.key,
          past_value: past.value,
          ...(own.kvFrom === null ? {} : lent.get(own.kvFrom)!),
        },
        makes ? ["y", "key", "value"] : ["y"],
      );
      if (makes) {
        const made = { key: outputs["key"] as Tensor, value: outputs["value"] as Tensor };
        if (remember) cache.write(layer, first, counts, T, floats(made.key), floats(made.value));
        if (this.lenders.has(layer)) lent.set(layer, made);
      }
      x = outputs["y"] as typeof x;
      if (options.edits) {
        const { edits, masks: rowMasks } = options.edits;
        for (const [index, edit] of edits.entries()) {
          if (edit.layer !== layer) continue;
          x = (await this.editor.apply(
            edit,
            x,
            rowMasks.map((row) => row[index]!),
          )) as typeof x;
        }
      }
      options.capture?.(layer, floats(x));
    }
    if (remember) cache.advance(first, counts);
    return { residual: floats(x), T };
  }

  /**
   * @param x residual rows after the last block, [N, d]
   * @param watch token ids whose log probabilities are wanted
   */
  async head(
    x: Float32Array<ArrayBuffer>,
    watch: readonly number[],
    wantLogits: boolean,
  ): Promise<HeadResult> {
    const N = x.length / this.config.hiddenSize;
    const outputs = await this.headSession.run(
      {
        x: new Tensor("float32", x, [N, this.config.hiddenSize]),
        watch: new Tensor("int64", BigInt64Array.from(watch, BigInt), [watch.length]),
      },
      wantLogits ? ["token", "watched", "logits"] : ["token", "watched"],
    );
    return {
      token: Int32Array.from(outputs["token"]!.data as BigInt64Array, Number),
      watched: floats(outputs["watched"]!),
      logits: wantLogits ? floats(outputs["logits"]!) : null,
    };
  }

  /** Embeddings of right-padded rows, [B, T, d]; padding is zeros. */
  embed(rows: readonly (readonly number[])[], T: number): Float32Array<ArrayBuffer> {
    const { hiddenSize, embeddingScale, vocabSize } = this.config;
    const out = new Float32Array(rows.length * T * hiddenSize);
    rows.forEach((ids, row) => {
      ids.forEach((id, t) => {
        let embedding = this.rows.get(id);
        if (embedding === undefined) {
          if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
            throw badInput("token ids", `whole numbers from 0 to ${vocabSize - 1}`, String(id));
          }
          embedding = this.weights.read(embeddingName, [id, id + 1]).map((v) => v * embeddingScale);
          if (this.rows.size >= embeddingRowsKept) this.rows.clear();
          this.rows.set(id, embedding);
        }
        out.set(embedding, (row * T + t) * hiddenSize);
      });
    });
    return out;
  }

  async close(): Promise<void> {
    await this.editor.close();
    for (const session of [...this.blocks, this.headSession]) await session.release();
  }
}

function floats(tensor: { data: unknown }): Float32Array<ArrayBuffer> {
  return tensor.data as Float32Array<ArrayBuffer>;
}
