/** How well the prompts determine a direction: two halves of them each give one, and these should be the same. */
import type { Random } from "../../core/random.ts";
import { groupBy } from "../../stats/group.ts";
import type { Interval } from "../../stats/proportion.ts";
import { mean, quantile } from "../../stats/summary.ts";
import { cosine, DifferenceOfMeans } from "./means.ts";

export interface SideRow {
  side: "harmful" | "harmless";
  cluster: string;
  /** [d] */
  row: Float32Array;
}

/**
 * The cosine of the directions of two random halves of the clusters: mean over splits, and the range of the central `level`
 * of them. Each half has half of the prompts, so the direction of all of them is better determined than this says.
 * @returns null if no split has both sides in both halves
 */
export function splitHalfCosine(
  rows: readonly SideRow[],
  { splits, level, random }: { splits: number; level: number; random: Random },
): { estimate: number; interval: Interval } | null {
  const clusters = [...groupBy(rows, ({ cluster }) => cluster).values()];
  const cosines: number[] = [];
  for (let split = 0; split < splits; split++) {
    const order = random.shuffle(clusters);
    const middle = Math.floor(order.length / 2);
    const halves = [order.slice(0, middle).flat(), order.slice(middle).flat()];
    if (!halves.every(hasBothSides)) continue;
    const [a, b] = halves.map(directionOf);
    cosines.push(cosine(a!, b!));
  }
  if (cosines.length === 0) return null;
  const tail = (1 - level) / 2;
  return { estimate: mean(cosines), interval: [quantile(cosines, tail), quantile(cosines, 1 - tail)] };
}

/** The difference of the sides' means, [d]. */
export function directionOf(rows: readonly SideRow[]): Float64Array {
  const means = new DifferenceOfMeans(rows[0]!.row.length);
  for (const { side, row } of rows) means.add(side, row);
  return means.difference();
}

const hasBothSides = (rows: readonly SideRow[]): boolean =>
  rows.some(({ side }) => side === "harmful") && rows.some(({ side }) => side === "harmless");
