/** A checkpoint's weights in a given precision. */
import type { Precision } from "../../core/records/precision.ts";
import { headName } from "../architecture/block-graphs.ts";
import type { ModelConfig } from "../architecture/settings/config-types.ts";
import { multipliedMatrices } from "../architecture/weight-shapes.ts";
import type { Weights } from "../weights/weights.ts";
import type { Overlay } from "./adapter/overlay.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { type QuantizeOptions, quantizeWeights } from "./quantized/quantized.ts";

export interface PrecisionOptions extends Omit<QuantizeOptions, "identity"> {
  identity: Checkpoint["identity"];
  /** The adapter's overlay, which the weights already include; null without an adapter. */
  overlay: Overlay | null;
}

/**
 * The head keeps 8 bits under int4, because its errors go directly into the probabilities, and all results depend on
 * these. With 4 bits, SmolLM2's mean KL from fp32 rises from 0.004 to 0.076 nats (docs/performance.md). An adapter's
 * branches stay in fp32. All adapters that replace no matrix of the base share the base's blocks.
 * @throws FathomError as `quantizeWeights` does
 */
export function weightsIn(
  precision: Precision,
  weights: Weights,
  config: ModelConfig,
  { identity, overlay, ...options }: PrecisionOptions,
): Weights {
  if (precision === "fp32") return weights;
  const head = headName(config);
  const matrices = [...multipliedMatrices(config)].map(([name, [out, inputs]]) => ({
    name,
    out,
    in: inputs,
    bits: precision === "int8" || name === head ? (8 as const) : (4 as const),
  }));
  const replaced = matrices.some(({ name }) => overlay?.sources.has(name) || overlay?.embeddings.has(name));
  const origin = replaced ? `${identity.model} ${identity.adapter}` : identity.model;
  return quantizeWeights(weights, matrices, { ...options, identity: origin });
}
