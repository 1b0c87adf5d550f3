/** How often features are active: the distribution, over features, of the share of tokens on which they are active. */
import type { SaeReport } from "../../../core/records/sae-report.ts";
import { histogram } from "./histogram.ts";

/**
 * A feature that is active on more than this share of the tokens is called dense. This is a choice; the report also
 * shows the whole distribution.
 */
export const denseAbove = 0.1;
const binsPerDecade = 4;

/** @param firings [d_sae] number of tokens on which each feature is active @param tokens number of all tokens */
export function density(firings: Uint32Array, tokens: number): SaeReport["density"] {
  const alive = firings.filter((count) => count > 0);
  const decades = Math.max(1, Math.ceil(Math.log10(tokens)));
  const logs = Array.from(alive, (count) => Math.log10(count / tokens));
  return {
    bins: histogram(logs, { from: -decades, to: 0, bins: decades * binsPerDecade }),
    never: firings.length - alive.length,
    dense: alive.reduce((sum, count) => sum + (count > denseAbove * tokens ? 1 : 0), 0),
    dense_above: denseAbove,
  };
}
