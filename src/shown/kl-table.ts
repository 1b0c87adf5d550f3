/** The distance to another checkpoint by the token's place, as the page and the Markdown show it. */
import { formatInterval, formatNumber } from "../core/format.ts";
import type { KlCurve } from "../core/records/fidelity.ts";
import { templateWords, tierWords } from "../core/records/words.ts";

export const klHead = ["Template", "Tier", "Token", "Mean KL, nats", "Interval", "Answers"] as const;

export const klRows = (curves: readonly KlCurve[]): string[][] =>
  curves.flatMap(({ template, tier, points }) =>
    points.map(({ from, to, mean, interval, n }) => [
      templateWords[template],
      tierWords[tier],
      from === to ? String(from) : `${from} to ${to}`,
      formatNumber(mean),
      formatInterval(interval, "nats"),
      String(n),
    ]),
  );

export const klTitle = (other: string): string =>
  `Distance from ${other}, by the token's place in the answer`;
