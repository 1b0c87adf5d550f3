/**
 * One forward call's way down: adds the gradients of objectives that read the residual stream itself, and keeps the
 * gradients at the wanted sites.
 */
import type { Descent, Forwarded } from "./backward-pass.ts";
import type { Objective, Site } from "./objectives.ts";

type Floats = Float32Array<ArrayBuffer>;

/** A row of a call, with the gradients that its way down fills in. */
export interface DescentRow {
  ids: readonly number[];
  objective: Objective;
  result: RowGradients;
}

/** The gradients of one input, T tokens long. */
export interface RowGradients {
  /** The value of the objective. */
  value: number;
  /** d value / d each wanted site, after the site's edits: [T, d]. */
  sites: Floats[];
  /** Full name of a weight → d value / d weight, in the weight's shape, for every weight of the wanted block. */
  weights: Map<string, Floats>;
}

/** @param top d value / d output of the last block, [B, T, d]; null when no objective of the call reads logits */
export function descentOf(
  rows: readonly DescentRow[],
  forwarded: Forwarded,
  top: Floats | null,
  sites: readonly Site[],
): Descent {
  const { B, T } = forwarded;
  const d = forwarded.inputOf(0).length / (B * T);
  return {
    ...{ forwarded, top },
    onOutput(layer, above) {
      let cotangent = above;
      for (const [row, { objective, result }] of rows.entries()) {
        if (objective.kind !== "residual" || blockOf(objective.at) !== layer) continue;
        cotangent ??= new Float32Array(B * T * d);
        const residual = forwarded.inputOf(layer + 1);
        const at = (row * T + objective.position) * d;
        for (const [i, value] of objective.vector.entries()) {
          cotangent[at + i]! += value;
          result.value += value * residual[at + i]!;
        }
      }
      for (const [place, site] of sites.entries()) {
        if (blockOf(site) !== layer) continue;
        for (const [row, { ids, result }] of rows.entries()) {
          const size = ids.length * d;
          const from = row * T * d;
          result.sites[place] = cotangent?.slice(from, from + size) ?? new Float32Array(size);
        }
      }
      return cotangent;
    },
    onWeight(name, gradient) {
      rows[0]!.result.weights.set(name, gradient);
    },
  };
}

/** The block whose output a site is; -1 for the embedding. */
export function blockOf({ layer, site }: Site): number {
  return site === "embed" ? -1 : layer;
}
