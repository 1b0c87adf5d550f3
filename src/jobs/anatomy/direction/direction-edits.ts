/** Edits that remove directions from the residual stream, or add vectors to it. A row's masks say which of them act on it. */

import type { CandidatePlace } from "../../../anatomy/direction/choose.ts";
import type { Edit, EditMasks } from "../../../model/engine/edits/edit.ts";
import { groupBy } from "../../../stats/group.ts";

export interface PlacedVector extends CandidatePlace {
  /** [d] */
  vector: Float64Array;
}

/**
 * What blocks write. Removing a direction from everything that is written removes it from the stream too, so the blocks' outputs
 * are no sites here: in first-order estimates each write would count again at every block above it.
 */
export const writes = ["attn_out", "mlp_out"] as const;

/**
 * Removes unit directions at the embedding, at these sites of every block, and at every token: x' = x − Σ mask · r rᵀx. Several directions that are removed together must
 * be orthogonal.
 * @param directions [n], each [d]
 */
export function ablationEdits(
  layers: number,
  directions: readonly Float64Array[],
  sites: readonly Exclude<NonNullable<Edit["site"]>, "embed">[],
): Edit[] {
  const n = directions.length;
  const d = directions[0]!.length;
  const decoder = new Float32Array(n * d);
  const encoder = new Float32Array(d * n);
  directions.forEach((direction, f) => {
    direction.forEach((value, i) => {
      decoder[f * d + i] = value;
      encoder[i * n + f] = value;
    });
  });
  const zeros = new Float32Array(n);
  // The arrays are shared, so that they travel to the engine once.
  const shared = {
    activation: "identity",
    encoder,
    decoder,
    bias: zeros,
    scale: zeros,
    offset: zeros,
  } as const;
  return [
    { ...shared, layer: 0, site: "embed" },
    ...Array.from({ length: layers }, (_, layer) => sites.map((site) => ({ ...shared, layer, site }))).flat(),
  ];
}

/** The same mask for every edit: 1 for the directions that are removed. */
export function ablationMasks(edits: readonly Edit[], removed: readonly number[]): EditMasks {
  const mask = new Float32Array(edits[0]!.scale.length);
  for (const direction of removed) mask[direction] = 1;
  return edits.map(() => mask);
}

/** Edits that add vectors to the outputs of their blocks (to the embedding for layer −1), at every token. */
export interface Additions {
  /** One edit per layer. */
  edits: Edit[];
  /** By edit: the vectors that it adds, by index. */
  vectors: number[][];
  /** Masks that add one of the vectors, `dose` times. */
  masks: (vector: number, dose: number) => EditMasks;
}

export function additions(vectors: readonly PlacedVector[]): Additions {
  const byLayer = [...groupBy(vectors.keys(), (i) => vectors[i]!.layer)];
  const edits = byLayer.map(([layer, own]): Edit => {
    const d = vectors[0]!.vector.length;
    const decoder = new Float32Array(own.length * d);
    own.forEach((index, f) => {
      decoder.set(vectors[index]!.vector, f * d);
    });
    const ones = new Float32Array(own.length).fill(1);
    return {
      ...{
        layer: Math.max(0, layer),
        site: layer < 0 ? "embed" : "resid_post",
        activation: "identity",
        decoder,
      },
      ...{ encoder: new Float32Array(d * own.length), bias: new Float32Array(own.length) },
      ...{ scale: ones, offset: ones },
    };
  });
  return {
    edits,
    vectors: byLayer.map(([, own]) => own),
    masks: (vector, dose) =>
      byLayer.map(([, own]) => Float32Array.from(own, (index) => (index === vector ? dose : 0))),
  };
}
