/**
 * Runs a checkpoint: embedding rows, sessions of blocks, and one session for the head. After any block the residual
 * stream can be an ordinary tensor, so that capturing keeps it and editing changes it. The engine runs in the worker
 * (`worker.ts`), because a session's run blocks its thread.
 */
import { badInput } from "../../core/errors.ts";
import { buildGenerationHead, embeddingName, lendersOf } from "../architecture/block-graphs.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { declareFrom } from "../architecture/declare.ts";
import { Positions } from "../architecture/positions.ts";
import { RotaryTables } from "../architecture/rotary.ts";
import { type InferenceSession, Tensor } from "../ort/ort.ts";
import { openSession, type SessionOptions } from "../ort/session.ts";
import { Sessions } from "../ort/sessions.ts";
import { firstNotFinite, overflow, requireFiniteRow } from "../weights/finite.ts";
import type { Weights } from "../weights/weights.ts";
import { type BatchEdits, type Edit, Editor } from "./edits.ts";
import type { KvCache } from "./kv-cache.ts";
import { PerLayerInputs } from "./per-layer-inputs.ts";
import { type Segment, Segments } from "./segments.ts";

/** How many decoded embedding rows are kept. A prompt set uses few rows of a vocabulary, and uses them often. */
const embeddingRowsKept = 16_384;

export interface EngineOptions extends SessionOptions {
  /**
   * Hold one block or the head in memory at a time, for a checkpoint larger than memory. `capture` then runs all its rows
   * through a block before it opens the next one, and stores their residuals in a file beside this path. All other calls
   * still work, but open every block for every step.
   */
  oneBlockAtATime?: { beside: string };
}

/** Layer → keys and values of a step's new tokens, for layers that later layers share; [B, kvHeads, T, headDim]. */
export type Lent = ReadonlyMap<number, { key: Tensor; value: Tensor }>;

export interface StepOptions {
  /** Begin at this block, with the result of a step of the same tokens through the blocks before it. */
  from?: { layer: number; residual: Float32Array<ArrayBuffer>; lent: Lent };
  edits?: BatchEdits | null;
  /** Replaces the output of a block by this residual [B, T, d]. The block's keys and values do not change. */
  replace?: { layer: number; residual: Float32Array<ArrayBuffer> };
  /** `take` gets the outputs [B, T, d] of these blocks, after their edits. The array is valid only during the call. */
  capture?: {
    layers: ReadonlySet<number>;
    take: (layer: number, residual: Float32Array<ArrayBuffer>) => void;
  };
  /** Whether to write the new keys and values into the cache; true when not given. */
  remember?: boolean;
  /** Names of the rows for error messages; their numbers when not given. */
  names?: readonly string[];
  /** Stop after this block. */
  lastLayer?: number;
  /** [B] length of each row's whole sequence; needed when this step does not read it to its end. */
  lengths?: readonly number[];
  /** Pad every row to at least this many tokens. */
  atLeast?: number;
}

export interface Step {
  /** The output of the last block that ran, [B, T, d], rows right-padded to T. */
  residual: Float32Array<ArrayBuffer>;
  lent: Lent;
  /** The blocks' inputs "per_layer.l"; empty for a model without them. */
  perLayer: Readonly<Record<string, Tensor>>;
  T: number;
}

export interface HeadResult {
  /** [N] best token. */
  token: Int32Array;
  /** [N, watch] log probabilities of the watched tokens. */
  watched: Float32Array;
  /** [N, vocab]; null when not asked for. */
  logits: Float32Array<ArrayBuffer> | null;
}

export class Engine {
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly options: EngineOptions;
  readonly #sessions: Sessions;
  readonly #segments: Segments;
  readonly #perLayer: PerLayerInputs | null;
  readonly #rotary = new RotaryTables();
  /**
   * The smallest past. On WebGPU (ONNX Runtime 1.30) a product with an empty sum ends the process, so there an empty past
   * gets one position, which the mask hides.
   */
  readonly #leastPast: 0 | 1;
  readonly #lenders: ReadonlySet<number>;
  readonly #editor: Editor;
  readonly #rows = new Map<number, Float32Array>();

  private constructor(
    config: ModelConfig,
    weights: Weights,
    options: EngineOptions,
    perLayer: PerLayerInputs | null,
  ) {
    this.config = config;
    this.weights = weights;
    this.options = options;
    this.#leastPast = (options.device ?? "cpu") === "cpu" ? 0 : 1;
    this.#sessions = new Sessions(options.oneBlockAtATime !== undefined);
    this.#segments = new Segments(config, weights, options, this.#sessions);
    this.#perLayer = perLayer;
    this.#lenders = lendersOf(config);
    this.#editor = new Editor(config.hiddenSize, options);
  }

  /** @param onPart called after each part is open; not called when the engine holds one part at a time */
  static async open(
    config: ModelConfig,
    weights: Weights,
    options: EngineOptions,
    onPart?: (done: number, total: number) => void,
  ): Promise<Engine> {
    const engine = new Engine(config, weights, options, await PerLayerInputs.open(config, weights, options));
    if (engine.#sessions.oneAtATime) return engine;
    // The head opens first, because it is the largest part, and a part takes several times its size while it opens.
    await engine.#headSession();
    await engine.#segments.openAll((done, total) => onPart?.(done + 1, total + 1));
    return engine;
  }

  /**
   * Runs new tokens through every block, for the cache's slots from `first` on, one slot per row.
   * @param rows new token ids per row, at least one; shorter rows are right-padded
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

    const S = Math.max(cache.pastLength(first, B), this.#leastPast);
    const lengths = options.lengths ?? slots.map((length, row) => length + counts[row]!);
    const positions = new Positions(this.#rotary, slots, S, T, lengths);
    const embedded = new Tensor("float32", this.embed(rows, T), [B, T, config.hiddenSize]);
    const perLayer = (await this.#perLayer?.of(embedded, this.#asEmbedded(rows))) ?? {};
    const begin: StepOptions["from"] = options.from ?? {
      layer: 0,
      residual: floats(embedded),
      lent: new Map(),
    };
    const lent = new Map(begin.lent);
    if (remember)
      for (const [layer, { key, value }] of lent)
        cache.write(layer, first, counts, T, floats(key), floats(value));
    let x = new Tensor("float32", begin.residual, [B, T, config.hiddenSize]);
    const lastLayer = options.lastLayer ?? config.layers.length - 1;
    const captured = options.capture?.layers ?? new Set<number>();
    const { replace } = options;
    const changes = [...(options.edits?.edits ?? []), ...(replace === undefined ? [] : [replace])];
    for (const segment of await this.segmentsTo(lastLayer, changes)) {
      const { from, to } = segment;
      if (from < begin.layer) continue;
      const feeds: Record<string, Tensor> = { x };
      const wanted = [`y.${to - 1}`];
      const makers: number[] = [];
      for (let layer = from; layer < to; layer++) {
        const { kvFrom } = config.layers[layer]!;
        const own = { ...positions.of(config.layers[layer]!), ...cache.past(kvFrom ?? layer, first, B, S) };
        for (const [name, tensor] of Object.entries(own)) feeds[`${name}.${layer}`] = tensor;
        const ofLayer = perLayer[`per_layer.${layer}`];
        if (ofLayer !== undefined) feeds[`per_layer.${layer}`] = ofLayer;
        // If layer kvFrom is in the same segment, its keys and values are inside the graph.
        if (kvFrom !== null && kvFrom < from)
          for (const [name, tensor] of Object.entries(lent.get(kvFrom)!)) feeds[`${name}.${kvFrom}`] = tensor;
        if (captured.has(layer) && layer !== to - 1) wanted.push(`y.${layer}`);
        if (kvFrom === null && (remember || this.#lenders.has(layer))) {
          makers.push(layer);
          wanted.push(`key.${layer}`, `value.${layer}`);
        }
      }
      const session = await this.#segments.session(segment);
      const outputs = await session.run(feeds, wanted);
      for (const layer of makers) {
        const made = { key: outputs[`key.${layer}`] as Tensor, value: outputs[`value.${layer}`] as Tensor };
        if (remember) cache.write(layer, first, counts, T, floats(made.key), floats(made.value));
        if (this.#lenders.has(layer)) lent.set(layer, made);
      }
      x =
        replace?.layer === to - 1
          ? new Tensor("float32", replace.residual, x.dims)
          : await this.#edited(outputs[`y.${to - 1}`] as typeof x, to - 1, options.edits ?? null);
      const bad = this.#rowNotFinite(floats(x), counts, T);
      if (bad !== null) {
        const all = await session.run(
          feeds,
          Array.from({ length: to - from }, (_, i) => `y.${from + i}`),
        );
        const layer = Object.keys(all).findIndex(
          (_, i) => this.#rowNotFinite(floats(all[`y.${from + i}`]!), counts, T) !== null,
        );
        throw overflow(
          options.names?.[bad] ?? `row ${bad}`,
          layer < 0 ? `the edited output of block ${to - 1}` : `the output of block ${from + layer}`,
        );
      }
      for (let layer = from; layer < to; layer++)
        if (captured.has(layer))
          options.capture!.take(layer, floats(layer === to - 1 ? x : outputs[`y.${layer}`]!));
    }
    if (remember) cache.advance(first, counts);
    return { residual: floats(x), lent, perLayer, T };
  }

  /** The first row of [B, T, d] with NaN or an infinity in one of its own `counts` tokens; null when there is none. */
  #rowNotFinite(residual: Float32Array, counts: readonly number[], T: number): number | null {
    const { hiddenSize } = this.config;
    const row = counts.findIndex((count, i) => {
      const from = i * T * hiddenSize;
      return firstNotFinite(residual, from, from + count * hiddenSize) >= 0;
    });
    return row < 0 ? null : row;
  }

  /** The segments up to `lastLayer`. A segment ends at `lastLayer` and at every block whose output is changed. */
  async segmentsTo(lastLayer: number, edits: readonly Pick<Edit, "layer">[]): Promise<readonly Segment[]> {
    const ends = new Set([lastLayer, ...edits.map(({ layer }) => layer)]);
    return (await this.#segments.endingWith(ends)).filter(({ from }) => from <= lastLayer);
  }

  /** The output of a block after the edits of its site. */
  async #edited<X extends Tensor>(x: X, layer: number, batch: BatchEdits | null): Promise<X> {
    if (batch === null) return x;
    let y = x;
    for (const [index, edit] of batch.edits.entries()) {
      if (edit.layer !== layer) continue;
      const masks = batch.masks.map((row) => row[index]!);
      y = (await this.#editor.apply(edit, y, masks)) as X;
    }
    return y;
  }

  /**
   * @param x residual rows after the last block, [N, d]
   * @param watch token ids whose log probabilities are wanted
   * @param nameOf the name of a row for error messages
   * @throws FathomError for logits that are not finite
   */
  async head(
    x: Float32Array<ArrayBuffer>,
    watch: readonly number[],
    wantLogits: boolean,
    nameOf: (row: number) => string = (row) => `row ${row}`,
  ): Promise<HeadResult> {
    const N = x.length / this.config.hiddenSize;
    const outputs = await (await this.#headSession()).run(
      {
        x: new Tensor("float32", x, [N, this.config.hiddenSize]),
        watch: new Tensor("int64", BigInt64Array.from(watch, BigInt), [watch.length]),
      },
      ["token", "watched", "finite", ...(wantLogits ? ["logits"] : [])],
    );
    const bad = firstNotFinite(floats(outputs["finite"]!));
    if (bad >= 0) throw overflow(nameOf(bad), "the logits");
    return {
      token: Int32Array.from(outputs["token"]!.data as BigInt64Array, Number),
      watched: floats(outputs["watched"]!),
      logits: wantLogits ? floats(outputs["logits"]!) : null,
    };
  }

  async #headSession(): Promise<InferenceSession> {
    const { config, weights, options } = this;
    return await this.#sessions.get("head", () =>
      openSession(buildGenerationHead(config, declareFrom(weights)), weights, { ...options, arena: true }),
    );
  }

  /** Scaled embeddings of right-padded rows, [B, T, d]; padding is zeros. */
  embed(rows: readonly (readonly number[])[], T: number): Float32Array<ArrayBuffer> {
    const { hiddenSize, embeddingScale, vocabSize } = this.config;
    const out = new Float32Array(rows.length * T * hiddenSize);
    this.#asEmbedded(rows).forEach((ids, row) => {
      ids.forEach((id, t) => {
        let embedding = this.#rows.get(id);
        if (embedding === undefined) {
          if (!Number.isInteger(id) || id < 0 || id >= vocabSize) {
            throw badInput("token ids", `whole numbers from 0 to ${vocabSize - 1}`, String(id));
          }
          const stored = this.weights.read(embeddingName, [id, id + 1]);
          requireFiniteRow(embeddingName, id, stored);
          embedding = stored.map((v) => v * embeddingScale);
          if (this.#rows.size >= embeddingRowsKept) this.#rows.clear();
          this.#rows.set(id, embedding);
        }
        out.set(embedding, (row * T + t) * hiddenSize);
      });
    });
    return out;
  }

  /** The ids to embed: placeholders of pictures and sounds are embedded as another token. */
  #asEmbedded(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
    const { placeholders } = this.config;
    if (placeholders === undefined) return rows;
    return rows.map((ids) => ids.map((id) => (placeholders.ids.includes(id) ? placeholders.readAs : id)));
  }

  async close(): Promise<void> {
    await this.#editor.close();
    await this.#perLayer?.close();
    await this.#sessions.close();
  }
}

function floats(tensor: { data: unknown }): Float32Array<ArrayBuffer> {
  return tensor.data as Float32Array<ArrayBuffer>;
}
