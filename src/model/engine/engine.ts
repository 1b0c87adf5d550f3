/**
 * Runs a checkpoint: embedding rows, sessions of blocks, and one session for the head. After any block the residual
 * stream can be an ordinary tensor, so that capturing keeps it and editing changes it. The engine runs in the worker
 * (`worker.ts`), because a session's run blocks its thread.
 */
import { badInput } from "../../core/errors.ts";
import type { Device } from "../../core/records/device.ts";
import { buildGenerationHead, lendersOf } from "../architecture/block-graphs.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { declareFrom } from "../architecture/declare.ts";
import { matrixOf } from "../architecture/observed.ts";
import { Positions } from "../architecture/positions.ts";
import { RotaryTables } from "../architecture/rotary.ts";
import { collectArrays } from "../checkpoint/collect-garbage.ts";
import { type InferenceSession, Tensor } from "../ort/ort.ts";
import { openSession, type SessionOptions } from "../ort/session.ts";
import { Sessions } from "../ort/sessions.ts";
import { firstNotFinite, overflow } from "../weights/finite.ts";
import type { Weights } from "../weights/weights.ts";
import { KeptRows } from "./branches/kept-rows.ts";
import type { Past } from "./cache/kv-cache.ts";
import { EditShelf } from "./edits/held-edits.ts";
import { Embeddings } from "./inputs/embeddings.ts";
import { mostKept } from "./inputs/most-kept.ts";
import { PerLayerInputs } from "./inputs/per-layer-inputs.ts";
import { type Segment, Segments } from "./segments.ts";
import type { Step, StepOptions } from "./step.ts";

export interface EngineOptions extends SessionOptions {
  /**
   * Hold one block or the head in memory at a time, for a checkpoint larger than memory. `capture` then runs all its rows
   * through a block before it opens the next one, and stores their residuals in a file beside this path. All other calls
   * still work, but open every block for every step.
   */
  oneBlockAtATime?: { beside: string };
  /** float32 matrices of blocks whose inputs a step's `onInput` gets. */
  observed?: ReadonlySet<string>;
}

export interface HeadResult {
  /** [N] best token. */
  token: Int32Array;
  /** [N, watch] log probabilities of the watched tokens. */
  watched: Float32Array;
  /** [N, vocab]; null when not asked for. */
  logits: Float32Array<ArrayBuffer> | null;
}

/** Outputs of a session, and the function that takes them. */
interface Results {
  names: string[];
  take: (outputs: Tensor[]) => void;
}

export class Engine {
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly options: EngineOptions;
  readonly edits: EditShelf;
  /** What measurements may begin with (measure.ts). */
  readonly keptRows: KeptRows;
  readonly #sessions: Sessions;
  readonly #segments: Segments;
  readonly #perLayer: PerLayerInputs | null;
  readonly #rotary = new RotaryTables();
  /**
   * The smallest past. On WebGPU (ONNX Runtime 1.30) a product with an empty sum ends the process, so there an empty past
   * gets one position, which the mask hides.
   */
  readonly #leastPast: 0 | 1;
  readonly #device: Device;
  readonly #lenders: ReadonlySet<number>;
  readonly #embeddings: Embeddings;

  private constructor(
    config: ModelConfig,
    weights: Weights,
    options: EngineOptions,
    perLayer: PerLayerInputs | null,
  ) {
    this.config = config;
    this.weights = weights;
    this.options = options;
    this.#device = options.device ?? "cpu";
    this.#leastPast = this.#device === "cpu" ? 0 : 1;
    this.#sessions = new Sessions(options.oneBlockAtATime !== undefined);
    this.#segments = new Segments(config, weights, options, this.#sessions);
    this.#perLayer = perLayer;
    this.#lenders = lendersOf(config);
    this.#embeddings = new Embeddings(config, weights);
    this.edits = new EditShelf(config, options.threads);
    this.keptRows = new KeptRows(mostKept(weights));
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
    cache: Past,
    first: number,
    rows: readonly (readonly number[])[],
    options: StepOptions = {},
  ): Promise<Step> {
    collectArrays();
    const { config } = this;
    const remember = options.remember ?? true;
    const B = rows.length;
    const counts = rows.map((row) => row.length);
    const T = Math.max(options.atLeast ?? 1, ...counts);
    const pasts = rows.map((_, row) => cache.lengths[first + row]!);
    rows.forEach((row, i) => {
      if (row.length === 0)
        throw new RangeError(`step: expected at least one new token in row ${i}, got none`);
      if (pasts[i]! + row.length > config.contextLength) {
        throw badInput(
          "prompt",
          `at most ${config.contextLength} tokens of context`,
          `${pasts[i]! + row.length}`,
        );
      }
    });
    if (remember) cache.reserve(Math.max(...pasts.map((length, row) => length + counts[row]!)));

    const S = Math.max(cache.pastLength(first, B), this.#leastPast);
    const lengths = options.lengths ?? pasts.map((length, row) => length + counts[row]!);
    const positions = new Positions(this.#rotary, pasts, S, T, lengths);
    const needsEmbeddings = options.from === undefined || this.#perLayer !== null;
    const embeddings = needsEmbeddings ? this.embed(rows, T) : new Float32Array();
    const perLayer =
      (await this.#perLayer?.of(
        new Tensor("float32", embeddings, [B, T, config.hiddenSize]),
        this.#embeddings.read(rows),
      )) ?? {};
    const begin: NonNullable<StepOptions["from"]> = options.from ?? {
      layer: 0,
      residual: embeddings,
      lent: new Map(),
    };
    const lent = new Map(begin.lent);
    if (remember)
      for (const [layer, { key, value }] of lent)
        cache.write(layer, first, counts, T, floats(key), floats(value));
    let x = new Tensor("float32", begin.residual, [B, T, config.hiddenSize]);
    const lastLayer = options.lastLayer ?? config.layers.length - 1;
    const { replace, edits = null } = options;
    const { plan } = this.#segments;
    await this.#segments.makeRoom(edits?.edits ?? [], options.tap?.taps ?? []);
    const ends = [...(replace === undefined ? [] : [replace]), { layer: begin.layer - 1 }];
    for (const segment of await this.segmentsTo(lastLayer, ends)) {
      const { from, to } = segment;
      if (from < begin.layer) continue;
      const feeds: Record<string, Tensor> = { x };
      const results: Results[] = [];
      for (let layer = from; layer < to; layer++) {
        const { kvFrom } = config.layers[layer]!;
        const own = {
          ...positions.of(config.layers[layer]!),
          ...cache.past(kvFrom ?? layer, first, B, S),
        };
        for (const [name, tensor] of Object.entries(own)) feeds[`${name}.${layer}`] = tensor;
        const wantsActivations = options.onEdit?.activations === true;
        Object.assign(feeds, plan.feedsOfSome(layer, edits, { pasts, counts, T }, wantsActivations));
        const ofLayer = perLayer[`per_layer.${layer}`];
        if (ofLayer !== undefined) feeds[`per_layer.${layer}`] = ofLayer;
        // If layer kvFrom is in the same segment, its keys and values are inside the graph.
        if (kvFrom !== null && kvFrom < from)
          for (const [name, tensor] of Object.entries(lent.get(kvFrom)!)) feeds[`${name}.${kvFrom}`] = tensor;
        if (kvFrom === null && (remember || this.#lenders.has(layer)))
          results.push({
            names: [`key.${layer}`, `value.${layer}`],
            take: ([key, value]) => {
              if (remember) cache.write(layer, first, counts, T, floats(key!), floats(value!));
              if (this.#lenders.has(layer)) lent.set(layer, { key: key!, value: value! });
            },
          });
        results.push(...this.#seen(layer, options, x));
      }
      const last = `y.${to - 1}`;
      const session = await this.#segments.session(segment);
      if (options.onInput !== undefined) results.push(...inputsOf(session, options.onInput));
      const wanted = new Set([last, ...results.flatMap(({ names }) => names)]);
      const outputs: Record<string, Tensor> = { ...(await session.run(feeds, [...wanted])) };
      if (replace?.layer === to - 1) outputs[last] = new Tensor("float32", replace.residual, x.dims);
      x = outputs[last] as typeof x;
      const bad = this.#rowNotFinite(floats(x), counts, T);
      if (bad !== null)
        throw overflow(
          options.names?.[bad] ?? `row ${bad}`,
          await this.#firstNotFinite(
            session,
            feeds,
            segment,
            (y) => this.#rowNotFinite(y, counts, T) !== null,
          ),
        );
      for (const { names, take } of results) take(names.map((name) => outputs[name]!));
    }
    if (remember) cache.advance(first, counts);
    return { residual: floats(x), lent, perLayer, T };
  }

  /** The outputs of a block that the caller wants to see: its residual, its edits, its sites. */
  #seen(layer: number, { capture, edits, onEdit, tap }: StepOptions, input: Tensor): Results[] {
    const seen: Results[] = [];
    if (capture?.layers.has(layer) === true)
      seen.push({
        names: [`y.${layer}`],
        take: ([y]) => {
          capture.take(layer, floats(y!));
        },
      });
    if (onEdit !== undefined)
      for (const { edit, name } of this.#segments.plan.filled(layer, edits?.edits ?? [])) {
        if (edit === null) continue;
        const names = [`${name}.moved.${layer}`];
        if (onEdit.activations) names.push(`${name}.activation.${layer}`);
        seen.push({
          names,
          take: ([moved, activations]) => {
            onEdit.take(edit, {
              moved: floats(moved!),
              activations: activations === undefined ? null : floats(activations),
              width: edits!.edits[edit]!.width,
            });
          },
        });
      }
    for (const [index, { layer: of, site }] of tap?.taps.entries() ?? []) {
      if (of !== layer) continue;
      const isInput = site === "embed" && this.#segments.plan.of(layer).embed === undefined;
      const name = site === "resid_post" ? "y" : site;
      seen.push({
        names: isInput ? [] : [`${name}.${layer}`],
        take: ([values]) => {
          tap!.take(index, floats(values ?? input));
        },
      });
    }
    return seen;
  }

  /** Names the first block of a segment whose output is not finite, for an error message. */
  async #firstNotFinite(
    session: InferenceSession,
    feeds: Record<string, Tensor>,
    { from, to }: Segment,
    isBad: (y: Float32Array) => boolean,
  ): Promise<string> {
    const blocks = Array.from({ length: to - from }, (_, i) => from + i);
    const outputs = await session.run(
      feeds,
      blocks.map((block) => `y.${block}`),
    );
    const bad = blocks.find((block) => isBad(floats(outputs[`y.${block}`]!)));
    return bad === undefined ? `what replaces the output of block ${to - 1}` : `the output of block ${bad}`;
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

  /** The segments up to `lastLayer`. A segment ends at `lastLayer` and at every block whose output is replaced. */
  async segmentsTo(lastLayer: number, replaced: readonly { layer: number }[]): Promise<readonly Segment[]> {
    const ends = new Set([lastLayer, ...replaced.map(({ layer }) => layer)]);
    return (await this.#segments.endingWith(ends)).filter(({ from }) => from <= lastLayer);
  }

  /**
   * @param x residual rows after the last block, [N, d]
   * @param watch token ids whose log probabilities are wanted
   * @param nameOf the name of a row for error messages
   * @param rescale [N] multiplies the normed rows; ones when not given
   * @throws FathomError for logits that are not finite
   */
  async head(
    x: Float32Array<ArrayBuffer>,
    watch: readonly number[],
    wantLogits: boolean,
    nameOf: (row: number) => string = (row) => `row ${row}`,
    rescale?: Float32Array<ArrayBuffer>,
  ): Promise<HeadResult> {
    if (wantLogits) collectArrays();
    const N = x.length / this.config.hiddenSize;
    // On a GPU an empty tensor may end the process.
    const watched = watch.length === 0 && this.#device === "cpu" ? 0 : N;
    const outputs = await (await this.#headSession()).run(
      {
        x: new Tensor("float32", x, [N, this.config.hiddenSize]),
        rescale: new Tensor("float32", rescale ?? new Float32Array(N).fill(1), [N, 1]),
        watch: new Tensor("int64", BigInt64Array.from(watch, BigInt), [watch.length]),
        watched_rows: new Tensor(
          "int64",
          BigInt64Array.from({ length: watched }, (_, i) => BigInt(i)),
          [watched],
        ),
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
      openSession(buildGenerationHead(config, declareFrom(weights)), weights, options),
    );
  }

  /** Scaled embeddings of right-padded rows, [B, T, d]; padding is zeros. */
  embed(rows: readonly (readonly number[])[], T: number): Float32Array<ArrayBuffer> {
    return this.#embeddings.of(rows, T);
  }

  async close(): Promise<void> {
    await this.#perLayer?.close();
    await this.#sessions.close();
  }
}

/** The inputs of matrices that are outputs of a session. */
function inputsOf(session: InferenceSession, onInput: NonNullable<StepOptions["onInput"]>): Results[] {
  return session.outputNames.flatMap((name) => {
    const matrix = matrixOf(name);
    if (matrix === null) return [];
    return [
      {
        names: [name],
        take: ([values]: Tensor[]) => {
          onInput(matrix, floats(values!));
        },
      },
    ];
  });
}

function floats(tensor: { data: unknown }): Float32Array<ArrayBuffer> {
  return tensor.data as Float32Array<ArrayBuffer>;
}
