/**
 * Fathom trusts a device only when it computes the same as the CPU. Some execution providers have wrong operators
 * (WebGPU's GroupQueryAttention leaves out soft caps), and so have some drivers. Both give numbers that look plausible.
 * So before a model is used on another device, its first block of each kind and its head are compared with the CPU. The
 * check also fails when the device left an operator to the CPU.
 */
import { rmSync } from "node:fs";
import { failure } from "../../core/errors.ts";
import { scratchFolder } from "../../files/disk/io.ts";
import { graphKey } from "../architecture/block-graphs.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { requirePlacement } from "../ort/placement.ts";
import type { Weights } from "../weights/weights.ts";
import { KvCache } from "./cache/kv-cache.ts";
import { Engine, type EngineOptions } from "./engine.ts";
import { fixedIds } from "./inputs/fixed-ids.ts";

/** Relative to a tensor's largest magnitude. float32 sums in another order differ by 1e-6 to 1e-5 after some blocks. */
const tolerance = 1e-3;

/** Two rows of unequal length; a second step then reads one more token of each row, with the cache as its past. */
const rowLengths = [7, 4];

interface Part {
  name: string;
  values: Float32Array;
}

/**
 * @param options the options of the engine to check, on a device that is not the CPU
 * @throws FathomError (exit 1) naming the first part that differs, and by how much, or the operators that the device
 *   lacks
 */
export async function checkDevice(
  config: ModelConfig,
  weights: Weights,
  options: EngineOptions,
): Promise<void> {
  const traces = scratchFolder("fathom-traces-");
  try {
    const engine = await Engine.open(config, weights, { ...options, ...oneAtATime, traces });
    try {
      await requireAgreement(engine);
    } finally {
      await engine.close();
    }
    requirePlacement(String(options.device), traces);
  } finally {
    rmSync(traces, { recursive: true, force: true });
  }
}

/**
 * Memory may be too small for the model, or for two copies.
 * Only `capture` uses `beside`, and the check does not call it.
 */
const oneAtATime = { oneBlockAtATime: { beside: "" } } as const;

/**
 * @param device an open engine on another device
 * @throws FathomError (exit 1) naming the first part that differs, and by how much
 */
export async function requireAgreement(device: Engine): Promise<void> {
  const { config, weights, options } = device;
  const kinds = new Map<string, number>();
  for (const [index, layer] of config.layers.entries()) {
    const key = graphKey(layer);
    if (!kinds.has(key)) kinds.set(key, index);
  }
  const lastLayer = Math.max(...kinds.values());
  const { traces: _, ...plain } = options;
  const cpu = await Engine.open(config, weights, { ...plain, ...oneAtATime, device: "cpu" });
  try {
    const expected = await partsOf(cpu, lastLayer);
    const found = await partsOf(device, lastLayer);
    for (const [i, { name, values }] of found.entries()) {
      const error = differenceOf(values, expected[i]!.values);
      if (!(error <= tolerance))
        throw failure(
          `--device ${options.device}`,
          `${name} within ${tolerance} of what the CPU computes`,
          `a difference of ${error.toPrecision(2)} of its largest magnitude`,
          "--device cpu; the device, its driver or its provider computes this model differently",
        );
    }
  } finally {
    await cpu.close();
  }
}

async function partsOf(engine: Engine, lastLayer: number): Promise<Part[]> {
  const { config } = engine;
  const layers = new Set(Array.from({ length: lastLayer + 1 }, (_, layer) => layer));
  const parts: Part[] = [];
  const cache = new KvCache(config, rowLengths.length);
  for (const _ of rowLengths) cache.open();
  let last = new Float32Array(0);
  for (const lengths of [rowLengths, rowLengths.map(() => 1)]) {
    const rows = lengths.map((length, row) => fixedIds(row, length, config.vocabSize));
    const { residual, T } = await engine.step(cache, 0, rows, {
      lastLayer,
      capture: {
        layers,
        take: (layer, values) =>
          parts.push({ name: `block ${layer}`, values: realTokens(values, lengths, config.hiddenSize) }),
      },
    });
    last = residual.slice(0, Math.min(T, 2) * config.hiddenSize);
  }
  const { logits } = await engine.head(last, [], true);
  parts.push({ name: "the head", values: logits! });
  return parts;
}

/** The residual without padding, [tokens, d]. @param residual [B, T, d] */
function realTokens(residual: Float32Array, lengths: readonly number[], d: number): Float32Array {
  const T = Math.max(...lengths);
  const out = new Float32Array(lengths.reduce((sum, length) => sum + length, 0) * d);
  let at = 0;
  for (const [row, length] of lengths.entries()) {
    out.set(residual.subarray(row * T * d, (row * T + length) * d), at);
    at += length * d;
  }
  return out;
}

/** Largest difference divided by largest expected magnitude; NaN when a number of either is NaN. */
function differenceOf(found: Float32Array, expected: Float32Array): number {
  let difference = 0;
  let size = 0;
  for (const [i, value] of expected.entries()) {
    difference = Math.max(difference, Math.abs(found[i]! - value));
    size = Math.max(size, Math.abs(value));
  }
  return difference / size;
}
