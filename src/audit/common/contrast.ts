/** Differences between two sets of prompts, or between two conditions of the same prompts, with the null distribution of each. */

import type { Random } from "../../core/random.ts";
import type { Finding } from "../../core/records/finding.ts";
import {
  fisherExact,
  type Interval,
  mcnemarMidP,
  newcombe,
  type PairedCounts,
  pairedNewcombe,
  wilson,
} from "../../stats/proportion.ts";
import { drawStatistics, exceedance, percentiles, permutationTest } from "../../stats/resample.ts";
import { mean } from "../../stats/summary.ts";
import type { Unit } from "./answers.ts";

export interface Chance {
  level: number;
  resamples: number;
  random: Random;
}

export interface Contrast {
  estimate: number;
  interval: Interval | null;
  p: number;
  /** Two-sided p that the difference is this number in truth: the interval's level is raised until the interval reaches it. */
  against: (difference: number) => number;
  method: string;
  control: Finding["control"];
}

/** Two-sided p that a difference is as large as `bound` in truth; 1 if the estimate does not lie below it. */
export const pBelow = ({ estimate, against }: Contrast, bound: number): number =>
  estimate < bound ? against(bound) : 1;

/** The same on the other side. */
export const pAbove = ({ estimate, against }: Contrast, bound: number): number =>
  estimate > bound ? against(bound) : 1;

export interface Rate {
  estimate: number;
  interval: Interval;
  n: number;
}

/** A rate over prompts with Wilson's interval; null without prompts. */
export function rate(units: readonly Unit[], level: number): Rate | null {
  const n = units.length;
  if (n === 0) return null;
  const successes = Math.min(n, total(units));
  return { estimate: successes / n, interval: wilson(successes, n, level), n };
}

/** mean(a) − mean(b) over different prompts. Its null distribution: the prompts shuffled between the two sides. */
export function betweenPrompts(
  a: readonly Unit[],
  b: readonly Unit[],
  side: "two-sided" | "greater",
  { level, resamples, random }: Chance,
): Contrast {
  const estimate = average(a) - average(b);
  const values = [...a, ...b].map(({ value }) => value);
  const deal = permutationTest({
    observed: estimate,
    draw: (stream) => {
      const dealt = stream.shuffle(values);
      return mean(dealt.slice(0, a.length)) - mean(dealt.slice(a.length));
    },
    side,
    resamples,
    level,
    random: random.split("deal"),
  });
  const control = {
    kind: "prompts shuffled between the two groups",
    estimate: deal.mean,
    interval: deal.interval,
  };
  if ([...a, ...b].every(isBinary)) {
    const [first, second] = [a, b].map((units) => ({ successes: total(units), n: units.length }));
    return {
      estimate,
      interval: newcombe(first!, second!, level),
      against: inverted(estimate, (at) => newcombe(first!, second!, at)),
      p: fisherExact(first!, second!, side),
      method: "Newcombe's interval of a difference, Fisher's exact test",
      control,
    };
  }
  const sides = [...a.map((unit) => ({ unit, sign: 1 })), ...b.map((unit) => ({ unit, sign: -1 }))];
  const averageOf = (drawn: readonly { unit: Unit; sign: number }[], which: number) =>
    average(drawn.filter(({ sign }) => sign === which).map(({ unit }) => unit));
  return {
    estimate,
    ...resampled(estimate, level, {
      items: sides,
      cluster: ({ unit }) => unit.cluster,
      statistic: (drawn) => averageOf(drawn, 1) - averageOf(drawn, -1),
      resamples,
      random: random.split("bootstrap"),
    }),
    p: deal.p,
    method: "bootstrap over matched pairs, permutation test over prompts",
    control,
  };
}

/** One prompt, or one matched pair, measured under two conditions. */
export interface Twice {
  cluster: string;
  first: number;
  second: number;
}

/** mean(first − second) over the same units. Its null distribution: the sign of each difference flipped at random. */
export function withinUnits(
  units: readonly Twice[],
  control: string,
  { level, resamples, random }: Chance,
): Contrast {
  const differences = units.map(({ first, second }) => first - second);
  const estimate = mean(differences);
  const flipped = permutationTest({
    observed: estimate,
    draw: (stream) => mean(differences.map((value) => (stream.uniform() < 0.5 ? value : -value))),
    side: "two-sided",
    resamples,
    level,
    random: random.split("flip"),
  });
  const held = { kind: control, estimate: flipped.mean, interval: flipped.interval };
  if (units.every(({ first, second }) => isBit(first) && isBit(second))) {
    const counts = countPairs(units);
    return {
      estimate,
      interval: pairedNewcombe(counts, level),
      against: inverted(estimate, (at) => pairedNewcombe(counts, at)),
      p: mcnemarMidP(counts.firstOnly, counts.secondOnly),
      method: "paired difference, Newcombe's interval, McNemar's mid-p test",
      control: held,
    };
  }
  return {
    estimate,
    ...resampled(estimate, level, {
      items: units,
      cluster: ({ cluster }) => cluster,
      statistic: (drawn) => mean(drawn.map(({ first, second }) => first - second)),
      resamples,
      random: random.split("bootstrap"),
    }),
    p: flipped.p,
    method: "paired difference, bootstrap over matched pairs, sign-flip test",
    control: held,
  };
}

/** The p values that a family of intervals inverts to, by bisection over the level. */
function inverted(estimate: number, intervalAt: (level: number) => Interval): Contrast["against"] {
  return (difference) => {
    const side = difference > estimate ? 1 : 0;
    const leavesOut = (level: number) => {
      const end = intervalAt(level)[side];
      return side === 1 ? end < difference : end > difference;
    };
    let [low, high] = [0, 1 - 1e-9];
    if (difference === estimate || leavesOut(high)) return difference === estimate ? 1 : 1 - high;
    for (let i = 0; i < 40; i++) {
      const middle = (low + high) / 2;
      if (leavesOut(middle)) low = middle;
      else high = middle;
    }
    return 1 - low;
  };
}

/** The percentile interval of a bootstrap, and the p values that it inverts to. */
function resampled<T>(
  estimate: number,
  level: number,
  options: Parameters<typeof drawStatistics<T>>[0],
): Pick<Contrast, "interval" | "against"> {
  const draws = drawStatistics(options);
  return {
    interval: draws === null ? null : percentiles(draws, level),
    against: (difference) =>
      draws === null
        ? 1
        : Math.min(
            1,
            2 *
              exceedance(
                Math.abs(difference - estimate),
                draws.map((draw) => (draw - estimate) * Math.sign(difference - estimate)),
              ),
          ),
  };
}

function countPairs(units: readonly Twice[]): PairedCounts {
  const counts = { both: 0, firstOnly: 0, secondOnly: 0, neither: 0 };
  for (const { first, second } of units) {
    if (first === 1) counts[second === 1 ? "both" : "firstOnly"] += 1;
    else counts[second === 1 ? "secondOnly" : "neither"] += 1;
  }
  return counts;
}

const isBit = (value: number): boolean => value === 0 || value === 1;
const isBinary = ({ value }: Unit): boolean => isBit(value);
const total = (units: readonly Unit[]): number => units.reduce((sum, { value }) => sum + value, 0);
/** NaN for an empty resample, which the bootstrap counts as undefined. */
const average = (units: readonly Unit[]): number => (units.length === 0 ? NaN : total(units) / units.length);
