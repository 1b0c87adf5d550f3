/** Random directions, the control of every claim about a direction, and random combinations of directions. */
import type { Random } from "../../core/random.ts";
import { orthogonalTo, unit } from "./means.ts";

/**
 * @param basis orthonormal directions that the random ones are orthogonal to
 * @returns `count` unit vectors [d], uniform over all such directions
 */
export function randomDirections(
  d: number,
  count: number,
  random: Random,
  basis: readonly Float64Array[] = [],
): Float64Array[] {
  return Array.from({ length: count }, () =>
    unit(
      orthogonalTo(
        basis,
        Float64Array.from({ length: d }, () => random.normal()),
      ),
    ),
  );
}

/**
 * Samples of the cone of all positive combinations of directions.
 * @param basis [k] orthonormal directions [d]
 * @returns `count` unit vectors [d], uniform over the cone's unit vectors
 */
export function positiveCombinations(
  basis: readonly Float64Array[],
  count: number,
  random: Random,
): Float64Array[] {
  return Array.from({ length: count }, () => {
    const weights = basis.map(() => Math.abs(random.normal()));
    return unit(basis[0]!.map((_, i) => basis.reduce((sum, one, j) => sum + weights[j]! * one[i]!, 0)));
  });
}
