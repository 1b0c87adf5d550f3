/**
 * How far apart an SAE's features are for prompts of different tiers, measured on prompts that no term was trained on. Each
 * prompt gets the cosine of its pooled features with each tier's mean over the *training* prompts. Its separation is the
 * cosine with its own tier minus the mean of the cosines with the others. This is the silhouette to centroids (Rousseeuw
 * 1987; Hruschka et al. 2004) with cosine in place of distance, and not divided by its larger part. The value of a held-out
 * prompt depends on no other held-out prompt, so prompts can be resampled.
 */
import type { Tier } from "../../core/records/prompt.ts";
import { mean } from "../../stats/summary.ts";
import { pool } from "../code/pool.ts";
import type { SaeSession } from "../code/sae-session.ts";
import type { LabelledPrompt, LabelledRows } from "./labelled.ts";

/**
 * A gain in separation below this counts as no gain. Identical features have cosine 1 and unrelated ones 0; this is a
 * twentieth of that.
 */
export const smallestGain = 0.05;

export interface Placed extends Omit<LabelledPrompt, "range"> {
  /** Cosine with the mean features of each tier, in [0, 1]; 0 where the prompt or the tier has no active feature. */
  cosines: ReadonlyMap<Tier, number>;
}

/** @returns the held-out prompts in order */
export async function place(
  session: SaeSession,
  trained: LabelledRows,
  heldOut: LabelledRows,
): Promise<Placed[]> {
  const { d_sae } = session.sae;
  const pooled = async ({ rows, prompts }: LabelledRows) => {
    const ranges = prompts.map(({ range }) => range);
    const all = await pool(session, rows, ranges, "mean");
    return prompts.map((_, at) => all.subarray(at * d_sae, (at + 1) * d_sae));
  };
  const seen = await pooled(trained);
  const means = new Map(
    [...new Set(trained.prompts.map(({ tier }) => tier))].map((tier) => {
      const of = seen.filter((_, at) => trained.prompts[at]!.tier === tier);
      return [tier, meanOf(of, d_sae)] as const;
    }),
  );
  const features = await pooled(heldOut);
  return heldOut.prompts.map(({ id, tier, cluster }, at) => ({
    id,
    tier,
    cluster,
    cosines: new Map([...means].map(([other, centre]) => [other, cosine(features[at]!, centre)])),
  }));
}

/** @param tier the tier that counts as the prompt's own: its true tier, or one dealt to it */
export function separationOf({ cosines }: Placed, tier: Tier): number {
  const others = [...cosines].filter(([other]) => other !== tier).map(([, value]) => value);
  return cosines.get(tier)! - mean(others);
}

/** Whether the prompt's own tier is nearer than every other; a tie counts as no. */
export function isNearestOwn({ cosines, tier }: Placed): boolean {
  return [...cosines].every(([other, value]) => other === tier || value < cosines.get(tier)!);
}

function meanOf(rows: readonly Float32Array[], width: number): Float64Array {
  const sum = new Float64Array(width);
  for (const row of rows) for (let i = 0; i < width; i++) sum[i] = sum[i]! + row[i]!;
  return sum.map((value) => value / rows.length);
}

function cosine(a: Float32Array, b: Float64Array): number {
  let [product, squaresA, squaresB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    squaresA += a[i]! ** 2;
    squaresB += b[i]! ** 2;
  }
  return squaresA === 0 || squaresB === 0 ? 0 : product / Math.sqrt(squaresA * squaresB);
}
