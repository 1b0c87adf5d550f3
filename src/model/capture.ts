/** The residual stream of exact tokens: every row's resid_post at chosen layers, and its logits when asked for. */
import { KvCache } from "./cache.ts";
import { batchEdits, type Edit, type EditMasks } from "./edits.ts";
import type { Engine } from "./engine.ts";

/** Tokens of one forward call; beyond about this many, time a token rises again (measured). */
const callTokens = 512;
/** Rows of logits made at once: a vocabulary of 256k makes a megabyte of each. */
const headRows = 64;

export interface CaptureRequest {
  id: string;
  ids: readonly number[];
  editMasks?: EditMasks;
}

export interface CaptureOptions {
  /** Block indices, 0-based; a block's output is its resid_post. */
  layers: readonly number[];
  logits: boolean;
  edits: readonly Edit[];
}

export interface Captured {
  id: string;
  /** By layer, [tokens, d]. */
  residuals: Map<number, Float32Array<ArrayBuffer>>;
  /** [tokens, vocab], when asked for. */
  logits: Float32Array<ArrayBuffer> | null;
}

/** Captures all requests; `onRow` is called as rows are done, in the order of their lengths. */
export async function capture(
  engine: Engine,
  requests: readonly CaptureRequest[],
  options: CaptureOptions,
  onRow: (captured: Captured, index: number) => void,
  onTokens?: (tokens: number) => void,
): Promise<void> {
  for (const group of inCalls(requests)) {
    const rows = group.map((index) => requests[index]!);
    const results = await captureGroup(engine, rows, options);
    results.forEach((result, i) => onRow(result, group[i]!));
    onTokens?.(rows.reduce((sum, row) => sum + row.ids.length, 0));
  }
}

/** Indices of requests that go together: like lengths, at most `callTokens` tokens with padding. */
function inCalls(requests: readonly CaptureRequest[]): number[][] {
  const order = requests
    .map((_, i) => i)
    .sort((a, b) => requests[a]!.ids.length - requests[b]!.ids.length || a - b);
  const calls: number[][] = [];
  for (const index of order) {
    const last = calls.at(-1);
    if (last !== undefined && requests[index]!.ids.length * (last.length + 1) <= callTokens) last.push(index);
    else calls.push([index]);
  }
  return calls;
}

async function captureGroup(
  engine: Engine,
  rows: readonly CaptureRequest[],
  { layers, logits, edits }: CaptureOptions,
): Promise<Captured[]> {
  const { hiddenSize: d, vocabSize } = engine.config;
  const longest = Math.max(...rows.map((row) => row.ids.length));
  const lastLayer = logits ? engine.config.layers.length - 1 : Math.max(...layers);
  const results = rows.map(
    ({ id, ids }): Captured => ({
      id,
      residuals: new Map(layers.map((layer) => [layer, new Float32Array(ids.length * d)])),
      logits: logits ? new Float32Array(ids.length * vocabSize) : null,
    }),
  );
  const cache = new KvCache(engine.config, rows.length);
  for (const _ of rows) cache.open();

  for (let at = 0; at < longest; at += callTokens) {
    // Several rows only go together when one call holds them all, so every row has tokens in every call.
    const step = await engine.step(
      cache,
      0,
      rows.map((row) => row.ids.slice(at, at + callTokens)),
      {
        edits: batchEdits(edits, rows),
        lastLayer,
        remember: longest > callTokens,
        capture: {
          layers: new Set(layers),
          take: (layer, residual) => {
            rows.forEach((row, i) => {
              const count = Math.min(row.ids.length - at, callTokens);
              const T = Math.min(longest - at, callTokens);
              results[i]!.residuals.get(layer)!.set(
                residual.subarray(i * T * d, (i * T + count) * d),
                at * d,
              );
            });
          },
        },
      },
    );
    if (!logits) continue;
    for (const [i, row] of rows.entries()) {
      const count = Math.min(row.ids.length - at, callTokens);
      for (let from = 0; from < count; from += headRows) {
        const to = Math.min(count, from + headRows);
        const x = step.residual.slice((i * step.T + from) * d, (i * step.T + to) * d);
        const head = await engine.head(x, [], true);
        results[i]!.logits!.set(head.logits!, (at + from) * vocabSize);
      }
    }
  }
  return results;
}
