/**
 * How large the inputs of matrices become. It decides which of them are split (weights/int8-form.ts). The sample is 512 fixed token
 * ids of the whole vocabulary. It needs no text, which many checkpoints have no common language for; and with real text KL from fp32
 * was not smaller on two of three models (docs/performance.md).
 */
import type { ModelConfig } from "../architecture/config.ts";
import type { InputPeaks } from "../checkpoint/quantized/quantized.ts";
import type { Weights } from "../weights/weights.ts";
import { KvCache } from "./cache/kv-cache.ts";
import { Engine, type EngineOptions } from "./engine.ts";
import { fixedIds } from "./inputs/fixed-ids.ts";

const sampleRows = 4;
const sampleTokens = 128;

/**
 * Reads the sample in float32, one block at a time.
 * @param matrices names of matrices of blocks
 * @returns [in] the largest magnitude of each input of each matrix
 */
export async function inputPeaks(
  config: ModelConfig,
  weights: Weights,
  options: EngineOptions,
  matrices: readonly string[],
): Promise<InputPeaks> {
  const peaks = new Map<string, Float32Array>();
  // Only `capture` uses `beside`.
  const oneBlockAtATime = { beside: "" };
  const engine = await Engine.open(config, weights, {
    ...options,
    oneBlockAtATime,
    observed: new Set(matrices),
  });
  try {
    const length = Math.min(sampleTokens, config.contextLength);
    const rows = Array.from({ length: sampleRows }, (_, row) => fixedIds(row, length, config.vocabSize));
    const cache = new KvCache(config, sampleRows);
    for (const _ of rows) cache.open();
    await engine.step(cache, 0, rows, {
      remember: false,
      names: rows.map((_, row) => `calibration sample ${row + 1}`),
      onInput: (matrix, values) => {
        peaks.set(matrix, peaksOf(values, values.length / sampleRows / length));
      },
    });
  } finally {
    await engine.close();
  }
  return peaks;
}

/** The largest magnitude of each column. @param values [rows, inputs] */
function peaksOf(values: Float32Array, inputs: number): Float32Array {
  const peaks = new Float32Array(inputs);
  for (let from = 0; from < values.length; from += inputs)
    for (let i = 0; i < inputs; i++) {
      const size = Math.abs(values[from + i]!);
      if (size > peaks[i]!) peaks[i] = size;
    }
  return peaks;
}
