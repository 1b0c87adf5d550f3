/** Estimates over prompts, sets or features, as the record writes them. */
import { type Interval, wilson } from "../../../stats/proportion.ts";
import { meanOverReplicates } from "../../../stats/replicates.ts";
import { mean, quantile } from "../../../stats/summary.ts";

export interface Estimate {
  estimate: number | null;
  interval: Interval | null;
  n: number;
}

export function shareOf(count: number, n: number, level: number): Estimate {
  if (n === 0) return { estimate: null, interval: null, n };
  return { estimate: count / n, interval: wilson(count, n, level), n };
}

/** The mean over prompts, with an interval over their clusters. */
export function meanOf(
  { subject }: { subject: { readonly prompts: readonly { cluster: string }[] } },
  prompts: readonly number[],
  values: readonly number[],
  level: number,
): Estimate {
  const n = prompts.length;
  if (n === 0) return { estimate: null, interval: null, n };
  const measured = prompts.map((prompt, i) => ({
    cluster: subject.prompts[prompt]!.cluster,
    value: values[i]!,
  }));
  return { ...meanOverReplicates([measured], level), n };
}

/** Mean and central range of a statistic over controls. */
export function spreadOf(values: readonly number[], level: number): Estimate {
  const n = values.length;
  if (n === 0) return { estimate: null, interval: null, n };
  const tail = (1 - level) / 2;
  return { estimate: mean(values), interval: [quantile(values, tail), quantile(values, 1 - tail)], n };
}

/** A statistic that may be undefined. */
export function estimated(estimate: number, interval: Interval | null, n: number): Estimate {
  return Number.isFinite(estimate) ? { estimate, interval, n } : { estimate: null, interval: null, n };
}
