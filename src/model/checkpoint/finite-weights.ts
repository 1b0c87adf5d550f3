/**
 * Checks that all weights are finite. One NaN makes token 0 the answer to everything, and an infinity may stay hidden (a
 * token that is never chosen). So Fathom checks every weight, but only once per checkpoint, because that reads all of it.
 * The rows of an embedding that is not the head are checked when they are read: real files have rows with NaN that no
 * prompt uses.
 */
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { hashJson } from "../../core/hash.ts";
import { cacheFolder } from "../../files/disk/cache-folder.ts";
import { readText, writeTextAtomically } from "../../files/disk/io.ts";
import { readExactly } from "../../files/disk/read.ts";
import { bytesPerElement } from "../../graph/build/dtype.ts";
import { embeddingName, headName } from "../architecture/block-graphs.ts";
import { perLayerName } from "../architecture/per-layer.ts";
import type { ModelConfig } from "../architecture/settings/config-types.ts";
import { expectedShapes } from "../architecture/weight-shapes.ts";
import { firstNotFinite, notFiniteAt } from "../weights/finite.ts";
import type { FloatBytes, WeightDType, Weights } from "../weights/weights.ts";
import type { LaidAdapter } from "./adapter/adapter.ts";

/** Increase this when the check changes. Results of an earlier version then no longer count. */
const recipe = 1;

/** How much is checked at a time: bytes of a file, decoded numbers. */
const [pieceBytes, pieceValues] = [1 << 24, 1 << 20];

interface Model {
  config: ModelConfig;
  weights: Weights;
}

/**
 * @param where the checkpoint; messages begin with it
 * @param identity hash of config and weights; weights that were finite once are not checked again
 * @throws FathomError naming a tensor and the place in it
 */
export function requireFiniteWeights(where: string, model: Model, identity: string): void {
  requireFinite(where, model.weights, identity, wholeTensors(model.config));
}

/** The same check for the tensors of an adapter. The model has the adapter laid over it. */
export function requireFiniteAdapter(
  where: string,
  { config, weights }: Model,
  { overlay, sha256 }: Pick<LaidAdapter, "overlay" | "sha256">,
): void {
  const own = wholeTensors(config).filter((name) => overlay.sources.get(name)?.of === "adapter");
  requireFinite(where, weights, sha256, own);
}

function requireFinite(where: string, weights: Weights, identity: string, names: readonly string[]): void {
  const seal = join(cacheFolder(), "finite", hashJson({ recipe, identity, names }));
  if (isSealed(seal)) return;
  for (const name of names) {
    const found = lookThrough(weights, name);
    if (found !== null) throw notFiniteAt(`${where} "${name}"`, found.value, found.index);
  }
  try {
    writeTextAtomically(seal, "finite\n");
  } catch {
    // A cache that cannot be written costs time, not correctness.
  }
}

function wholeTensors(config: ModelConfig): string[] {
  const byRow = new Set([embeddingName, perLayerName].filter((name) => name !== headName(config)));
  return [...expectedShapes(config).keys()].filter((name) => !byRow.has(name));
}

function isSealed(seal: string): boolean {
  try {
    return readText(seal) === "finite\n";
  } catch {
    return false;
  }
}

interface Found {
  value: number;
  /** One index per axis. */
  index: number[];
}

function lookThrough(weights: Weights, name: string): Found | null {
  const { shape } = weights.info(name);
  const rows = shape[0] ?? 1;
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  const floats = weights.floats(name);
  if (floats !== null && !mayHold(floats)) return null;
  const step = Math.max(1, Math.floor(pieceValues / Math.max(1, width)));
  for (let from = 0; from < rows; from += step) {
    const range = [from, Math.min(rows, from + step)] as const;
    const values = shape.length === 0 ? weights.read(name) : weights.read(name, range);
    const at = firstNotFinite(values);
    if (at >= 0) return { value: values[at]!, index: indexOf(shape, from * width + at) };
  }
  return null;
}

/** Whether the exponent bits of any float in the bytes are all ones, as in NaN and the infinities. */
function mayHold({ file, offset, length, dtype, stride, at }: FloatBytes): boolean {
  const fd = openSync(file, "r");
  try {
    const step = pieceBytes - (pieceBytes % stride);
    for (let done = 0; done < length; done += step) {
      const bytes = readExactly(fd, file, offset + done, Math.min(step, length - done));
      if (stride === bytesPerElement[dtype] ? anyOf(bytes, dtype) : anyScale(bytes, stride, at)) return true;
    }
    return false;
  } finally {
    closeSync(fd);
  }
}

/**
 * Adding `one` to an exponent of all ones carries into the sign bit, which
 * `exponent` has masked out before. A word holds two 16-bit floats.
 */
const masks: Readonly<Record<WeightDType, { exponent: number; one: number; carried: number }>> = {
  float32: { exponent: 0x7f80_0000, one: 0x0080_0000, carried: 0x8000_0000 },
  bfloat16: { exponent: 0x7f80_7f80, one: 0x0080_0080, carried: 0x8000_8000 },
  float16: { exponent: 0x7c00_7c00, one: 0x0400_0400, carried: 0x8000_8000 },
};

function anyOf(bytes: Uint8Array<ArrayBuffer>, dtype: WeightDType): boolean {
  const { exponent, one, carried } = masks[dtype];
  const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
  // With an odd number of 16-bit floats, the last one is outside of the words.
  const last = bytes.length % 4 === 0 ? 0 : new Uint16Array(bytes.buffer, bytes.length - 2)[0]!;
  let all = (last & exponent) + one;
  for (let i = 0; i < words.length; i++) all |= ((words[i]! & exponent) + one) | 0;
  return (all & carried) !== 0;
}

/** Whether the exponent bits of any float16 scale are all ones. `at` gives the places of the scales within a block. */
function anyScale(bytes: Uint8Array, stride: number, at: readonly number[]): boolean {
  for (const first of at)
    for (let high = first + 1; high < bytes.length; high += stride)
      if ((bytes[high]! & 0x7c) === 0x7c) return true;
  return false;
}

function indexOf(shape: readonly number[], at: number): number[] {
  const index: number[] = [];
  let rest = at;
  for (const size of shape.toReversed()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return index;
}
