/** The measurements behind the findings of a quality report, and ratios of sums over tokens with intervals over texts. */

import { formatNumber } from "../../../core/format.ts";
import type { Random } from "../../../core/random.ts";
import type { Finding } from "../../../core/records/finding.ts";
import { bootstrap } from "../../../stats/resample.ts";
import type { Sae } from "../../code/sae.ts";
import type { TokenQuality } from "../quality/quality.ts";
import type { TextLoss } from "../quality/splice.ts";
import type { Redundancy } from "./redundancy.ts";

export const level = 0.95;
const resamples = 1000;

export const byText = `percentile bootstrap over texts, ${resamples} resamples`;
export const none: Finding["control"] = { kind: "nothing", estimate: null, interval: null };

export interface Measured {
  sae: Sae;
  tokens: TokenQuality;
  /** [n] the index of each token's text. */
  textOf: Int32Array;
  texts: number;
  losses: readonly TextLoss[];
  redundancy: Redundancy;
}

/** Per text: sums over its wanted tokens. A bootstrap over texts can then resample them. */
export function perText(
  { textOf, texts }: Measured,
  wanted: (row: number) => boolean,
  above: (row: number) => number,
  below: (row: number) => number,
) {
  const sums = Array.from({ length: texts }, () => ({ above: 0, below: 0, tokens: 0 }));
  for (let row = 0; row < textOf.length; row++) {
    if (!wanted(row)) continue;
    const sum = sums[textOf[row]!]!;
    sum.above += above(row);
    sum.below += below(row);
    sum.tokens++;
  }
  return sums.filter(({ tokens }) => tokens > 0);
}

/** Σ above / Σ below with its interval over texts. NaN if Σ below is 0 or no text is given. */
export function ratio(sums: readonly { above: number; below: number; tokens: number }[], random: Random) {
  const indexed = sums.map((sum, text) => ({ ...sum, text }));
  const of = (items: readonly { above: number; below: number }[]) => {
    let [above, below] = [0, 0];
    for (const item of items) [above, below] = [above + item.above, below + item.below];
    return above / below;
  };
  const interval = bootstrap({
    items: indexed,
    cluster: ({ text }) => String(text),
    statistic: of,
    resamples,
    level,
    random,
  });
  return {
    estimate: of(indexed),
    interval,
    n: sums.reduce((total, { tokens }) => total + tokens, 0),
    texts: sums.length,
  };
}

type Ratio = ReturnType<typeof ratio>;

/** The fields of a finding that come from a ratio over texts. */
export function ofRatio({ estimate, interval, n }: Ratio) {
  return { estimate: Number.isFinite(estimate) ? estimate : null, interval, level, n };
}

export function between(interval: readonly [number, number] | null): string {
  return interval === null
    ? ""
    : ` (95% interval ${formatNumber(interval[0])} to ${formatNumber(interval[1])})`;
}
