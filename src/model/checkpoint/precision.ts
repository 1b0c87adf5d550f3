/** A checkpoint's weights as a precision asks for them. */
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
  /** What an adapter lays over the weights, which are with it. */
  overlay: Overlay | null;
}

/**
 * The head keeps 8 bits under int4: its errors go straight into the probabilities that everything is read from. With 4,
 * SmolLM2's mean KL from fp32 rises from 0.004 to 0.076 nats (docs/performance.md).
 * An adapter's branches stay in fp32, and its base's blocks serve every adapter that replaces none of them.
 * @throws FathomError as `quantizeWeights`
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
