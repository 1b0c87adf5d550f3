/**
 * Captures the residual stream of given tokens: every row's resid_post at chosen layers, and its logits when asked for. A
 * forward call reads several rows together. Usually a call runs through all blocks before the next call starts. If the
 * engine holds one block at a time, all calls run through a block before it opens the next one (layer by layer, as AirLLM
 * and FlexGen offload).
 */
import { Spool } from "../../files/disk/spool.ts";
import { lendersOf } from "../architecture/block-graphs.ts";
import { BetweenBlocks } from "./between-blocks.ts";
import { KvCache } from "./cache/kv-cache.ts";
import { batchEdits, type MaskedRow } from "./edits/batch-edits.ts";
import type { GivenEdits } from "./edits/held-edits.ts";
import type { LaidOutEdit } from "./edits/laid-out.ts";
import type { Engine } from "./engine.ts";
import { nextTokenLosses } from "./log-probabilities.ts";
import type { Step, StepOptions } from "./step.ts";

/** Tokens per forward call. Above about this number the time per token rises again (measured). */
const callTokens = 512;
/** Rows of logits computed at once. With a vocabulary of 256k one row takes a megabyte, and more rows are hardly faster. */
export const headRows = 32;

export interface CaptureRequest extends MaskedRow {
  ids: readonly number[];
  /** The output that block `replaceAt` of the options gets, [ids.length, d]. */
  replacement?: Float32Array<ArrayBuffer>;
  /** The first token whose logits, or whose loss of the next token, are captured; 0 when not given. */
  logitsFrom?: number;
}

export interface CaptureOptions {
  /** Block indices, 0-based; a block's output is its resid_post. */
  layers: readonly number[];
  logits: boolean;
  /** Whether to capture the loss of each next token: far less to pass on than logits. Not together with `logits`. */
  losses?: boolean;
  edits: GivenEdits;
  /** A block whose output is replaced by every request's `replacement`. */
  replaceAt?: number;
}

/** Values of consecutive tokens of one row at one place. A row's pieces of one place come in the order of its tokens. */
export interface CapturedPiece {
  /** Index of the row's request. */
  index: number;
  /** A block's index, for its resid_post; the logits; or the losses, −log p of the text's next token, in nats. */
  place: number | "logits" | "losses";
  /** [tokens, d], [tokens, vocab] for the logits, or [tokens] for the losses, where a text's last token has none. */
  values: Float32Array<ArrayBuffer>;
}

export type OnPiece = (piece: CapturedPiece) => void;

/** Rows that are read together: several in one forward call, or a single long one. */
export interface Call<Request extends { ids: readonly number[] } = CaptureRequest> {
  rows: readonly { index: number; request: Request }[];
  longest: number;
}

/**
 * Captures all requests.
 * @param onTokens called with the number of tokens that went through the blocks, or through the one open block
 */
export async function capture(
  engine: Engine,
  requests: readonly CaptureRequest[],
  options: CaptureOptions,
  onPiece: OnPiece,
  onTokens: (tokens: number) => void = () => undefined,
): Promise<void> {
  const calls = inCalls(requests);
  const readsHead = options.logits || options.losses === true;
  const last = readsHead ? engine.config.layers.length - 1 : Math.max(...options.layers);
  const forward = new Forward(engine, options, onPiece);
  if (engine.options.oneBlockAtATime === undefined) {
    for (const call of calls) {
      await forward.blocks(call, { from: 0, to: last, held: [] }, async ({ residual }, stretch) => {
        if (readsHead) await forward.head(call, residual, stretch);
      });
      onTokens(tokensOf(call));
    }
    return;
  }
  const spool = new Spool(`${engine.options.oneBlockAtATime.beside}.residuals`);
  try {
    const held = calls.map(({ longest }) =>
      Array.from({ length: Math.ceil(longest / callTokens) }, () => new BetweenBlocks(spool)),
    );
    for (const { from, to } of await engine.segmentsTo(last, [])) {
      for (const [i, call] of calls.entries()) {
        const own = held[i]!;
        await forward.blocks(call, { from, to: to - 1, held: own }, (step, stretch) => {
          own[stretch]!.put(step);
        });
        onTokens(tokensOf(call));
      }
    }
    if (!readsHead) return;
    for (const [i, call] of calls.entries())
      for (const [stretch, own] of held[i]!.entries()) await forward.head(call, own.residual(), stretch);
  } finally {
    spool.close();
  }
}

/** Runs one call through a run of blocks or through the head, and passes on the captured values. */
class Forward {
  readonly #engine: Engine;
  readonly #options: CaptureOptions;
  readonly #edits: readonly LaidOutEdit[];
  readonly #onPiece: OnPiece;

  constructor(engine: Engine, options: CaptureOptions, onPiece: OnPiece) {
    this.#engine = engine;
    this.#options = options;
    this.#edits = engine.edits.of(options.edits);
    this.#onPiece = onPiece;
  }

  /**
   * @param run the blocks `from` to `to`, both included, and the state `held` of each stretch before them, which the
   *   first block does not need
   * @param after called after each stretch of the call's tokens
   */
  async blocks(
    { rows, longest }: Call,
    run: { from: number; to: number; held: readonly BetweenBlocks[] },
    after: (step: Step, stretch: number) => Promise<void> | void,
  ): Promise<void> {
    const engine = this.#engine;
    const options = this.#options;
    const d = engine.config.hiddenSize;
    const cache = new KvCache(engine.config, rows.length);
    for (const _ of rows) cache.open();
    const requests = rows.map(({ request }) => request);
    for (let stretch = 0; stretch * callTokens < longest; stretch++) {
      const tokens = requests.map(({ ids }) => ids.slice(stretch * callTokens, (stretch + 1) * callTokens));
      const T = Math.max(...tokens.map(({ length }) => length));
      const step = await engine.step(cache, 0, tokens, {
        ...(run.from === 0 ? {} : { from: run.held[stretch]!.from(run.from) }),
        names: requests.map(({ id }) => id),
        edits: batchEdits(this.#edits, requests),
        ...this.#replaced(run.from, () => padded(requests, d, stretch * callTokens, T)),
        lastLayer: run.to,
        remember: longest > callTokens,
        lengths: requests.map(({ ids }) => ids.length),
        capture: {
          layers: new Set(options.layers),
          take: (layer, residual) => {
            rows.forEach(({ index }, i) => {
              const values = residual.slice(i * T * d, (i * T + tokens[i]!.length) * d);
              this.#onPiece({ index, place: layer, values });
            });
          },
        },
      });
      await after(step, stretch);
    }
  }

  /** How a step gets the replaced output: the blocks below are left out where nothing needs them. */
  #replaced(from: number, residual: () => Float32Array<ArrayBuffer>): Pick<StepOptions, "from" | "replace"> {
    const { replaceAt, layers } = this.#options;
    if (replaceAt === undefined) return {};
    const isNeeded = (layer: number) => layer <= replaceAt;
    const below = [...layers, ...this.#edits.map(({ layer }) => layer), ...lendersOf(this.#engine.config)];
    if (from > 0 || this.#engine.options.oneBlockAtATime !== undefined || below.some(isNeeded))
      return { replace: { layer: replaceAt, residual: residual() } };
    return { from: { layer: replaceAt + 1, residual: residual(), lent: new Map() } };
  }

  /** @param residual the residual of a stretch of the call's tokens after the last block, [rows, T, d] */
  async head({ rows }: Call, residual: Float32Array<ArrayBuffer>, stretch: number): Promise<void> {
    const d = this.#engine.config.hiddenSize;
    const T = residual.length / d / rows.length;
    for (const [i, { index, request }] of rows.entries()) {
      const count = Math.min(request.ids.length - stretch * callTokens, callTokens);
      const first = Math.max(0, (request.logitsFrom ?? 0) - stretch * callTokens);
      for (let from = first; from < count; from += headRows) {
        const to = Math.min(count, from + headRows);
        const { logits, token } = await this.#engine.head(
          residual.slice((i * T + from) * d, (i * T + to) * d),
          [],
          true,
          () => request.id,
        );
        if (this.#options.logits) this.#onPiece({ index, place: "logits", values: logits! });
        else {
          const before = stretch * callTokens;
          const next = request.ids.slice(before + from + 1, before + to + 1);
          this.#onPiece({ index, place: "losses", values: nextTokenLosses(logits!, token, next) });
        }
      }
    }
  }
}

/** The replacements of T tokens from token `from` on, [rows, T, d]; padding is zeros. */
function padded(
  requests: readonly CaptureRequest[],
  d: number,
  from: number,
  T: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(requests.length * T * d);
  for (const [row, { id, ids, replacement }] of requests.entries()) {
    if (replacement?.length !== ids.length * d)
      throw new RangeError(
        `capture: expected ${ids.length * d} numbers to replace in ${id}, got ${replacement?.length ?? "none"}`,
      );
    out.set(replacement.subarray(from * d, Math.min(ids.length, from + T) * d), row * T * d);
  }
  return out;
}

/** Sorts requests by length and puts as many into a call as fit into it with padding. @param most tokens of a call */
export function inCalls<Request extends { ids: readonly number[] }>(
  requests: readonly Request[],
  most = callTokens,
): Call<Request>[] {
  const rows = requests
    .map((request, index) => ({ index, request }))
    .sort((a, b) => a.request.ids.length - b.request.ids.length || a.index - b.index);
  const calls: { rows: typeof rows; longest: number }[] = [];
  for (const row of rows) {
    const { length } = row.request.ids;
    const call = calls.at(-1);
    if (call !== undefined && length * (call.rows.length + 1) <= most) {
      call.rows.push(row);
      call.longest = length;
    } else calls.push({ rows: [row], longest: length });
  }
  return calls;
}

export function tokensOf({ rows }: Call<{ ids: readonly number[] }>): number {
  return rows.reduce((sum, { request }) => sum + request.ids.length, 0);
}
