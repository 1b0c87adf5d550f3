/** A checkpoint's weights in a given precision. */
import type { Precision } from "../../core/records/precision.ts";
import { headName } from "../architecture/block-graphs.ts";
import type { ModelConfig } from "../architecture/config.ts";
import { expectedShapes, multipliedMatrices, readsStream } from "../architecture/weight-shapes.ts";
import type { Weights } from "../weights/weights.ts";
import type { Overlay } from "./adapter/overlay.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { type Held, type QuantizeOptions, quantizeWeights } from "./quantized/quantized.ts";

/** Versions of the ways of rounding. Increase one when its stored form, or what it decides, changes. */
export const roundingRecipes: Readonly<Record<Exclude<Precision, "fp32">, number>> = { int8: 2, int4: 1 };

export interface PrecisionOptions extends Omit<QuantizeOptions, "identity" | "recipe"> {
  identity: Checkpoint["identity"];
  /** The adapter's overlay, which the weights already include; null without an adapter. */
  overlay: Overlay | null;
  /** Whether int8 multiplies in 8-bit integers, or in blocks, where the processor cannot (`multipliesInt8`). */
  int8Products: boolean;
}

/**
 * Only matrices that read the residual stream are multiplied in 8-bit integers under int8. The stream's large numbers are at the same places in
 * every token, so these columns can be split. The other matrices stay in blocks, which was chosen by KL (docs/performance.md): what
 * `down_proj` reads is a product of two activations, whose largest numbers are at other places in every token; and the head's
 * errors go directly into the probabilities. What `o_proj` reads can be NaN where a finite stream overflows in the attention:
 * blocks pass NaN on, and the rounding to integers does not.
 *
 * The head keeps 8 bits under int4 too. With 4 bits, SmolLM2's mean KL from fp32 rises from 0.004 to 0.076 nats. An adapter's
 * branches stay in fp32. All adapters that replace no tensor of the base share the base's file.
 * @throws FathomError as `quantizeWeights` does
 */
export async function weightsIn(
  precision: Precision,
  weights: Weights,
  config: ModelConfig,
  { identity, overlay, int8Products, ...options }: PrecisionOptions,
): Promise<Weights> {
  if (precision === "fp32") return weights;
  const head = headName(config);
  const held = (name: string): Held => {
    if (precision === "int8" && int8Products && readsStream(name)) return { as: "columns" };
    return { as: "blocks", bits: precision === "int8" || name === head ? 8 : 4 };
  };
  const matrices = [...multipliedMatrices(config)].map(([name, [out, inputs]]) => ({
    name,
    out,
    in: inputs,
    held: held(name),
  }));
  const replaced = [...expectedShapes(withoutBranches(config)).keys()].some(
    (name) => overlay?.sources.has(name) || overlay?.embeddings.has(name),
  );
  const origin = replaced ? `${identity.model} ${identity.adapter}` : identity.model;
  return await quantizeWeights(weights, matrices, {
    ...options,
    identity: origin,
    recipe: roundingRecipes[precision],
  });
}

/** The configuration of an adapter's base. */
export function withoutBranches(config: ModelConfig): ModelConfig {
  const { headLowRank: _, ...base } = config;
  return { ...base, layers: config.layers.map(({ lowRank: _, ...layer }) => layer) };
}
