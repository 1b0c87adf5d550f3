/** Visits the active features of rows. Few of the many numbers are active. */
import type { Stretch } from "./sae-session.ts";

/**
 * @param visit called once per feature that is not 0, row after row; row numbers are those of the whole input, not of
 *   the stretch
 */
export function eachActive(
  { from, features }: Pick<Stretch, "from" | "features">,
  d_sae: number,
  visit: (row: number, feature: number, value: number) => void,
): void {
  for (let start = 0, row = from; start < features.length; start += d_sae, row++)
    for (let feature = 0; feature < d_sae; feature++) {
      const value = features[start + feature]!;
      if (value !== 0) visit(row, feature, value);
    }
}
