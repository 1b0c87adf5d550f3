/** How numbers of findings are written for people: the same on the page, in Markdown and in the terminal. */
import type { Finding } from "./records/finding.ts";

/** Units whose values lie in [0, 1], or [−1, 1] where two are subtracted, and are read as a percentage. */
const shares = new Set(["share", "proportion", "fraction", "rate", "probability"]);

/** The unit of a difference of two shares, read as percentage points. */
const shareDifference = "difference of shares";

/** Whether values of the unit can stand on one axis of percentages. */
export const isShare = (unit: string): boolean => shares.has(unit) || unit === shareDifference;

export const statusWords: Record<Finding["status"], string> = {
  found: "Found",
  "not found": "Not found",
  undetermined: "Undetermined",
};

/** A share that may lie near 0 or 1, where whole percents would say nothing. */
export const fineShare = "fine share";

/** Two digits of what is left to 0 or 100%, e.g. `17%`, `6.8%`, `99.96%`: what keeps 99.96% does not keep all. */
export function formatFineShare(share: number): string {
  const away = 100 * Math.min(Math.abs(share), Math.abs(1 - share));
  const digits = away > 0 ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(away)))) : 0;
  return `${(100 * share).toFixed(digits).replace("-", "−")}%`;
}

/** e.g. `42%`, `−12 points`, `0.312`, `17 tokens`; an en dash where there is no value. */
export function formatValue(value: number | null, unit: string): string {
  if (value === null) return "–";
  if (isShare(unit)) {
    const percent = formatNumber(Math.round(value * 100));
    return unit === shareDifference ? `${percent} points` : `${percent}%`;
  }
  if (unit === fineShare) return formatFineShare(value);
  // A unit that is a word of its own (tokens) is said; one that names the quantity itself (D) would only repeat it.
  return unit === "tokens" ? `${formatNumber(value)} ${unit}` : formatNumber(value);
}

/** Three significant digits, a true minus sign, no exponent for the sizes that occur here. */
export function formatNumber(value: number): string {
  const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
  return text.replace("-", "−");
}

/** How many there are, e.g. `12,480`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A p or q value: `0.012`, and `< 0.001` where more digits would only look exact. */
export function formatProbability(value: number): string {
  return value < 0.001 ? "<\u00a00.001" : formatNumber(value);
}

/** e.g. `[31%, 54%]`; empty where there is no interval. */
export function formatInterval(interval: readonly [number, number] | null, unit: string): string {
  if (interval === null) return "";
  // The estimate beside it has said the word; inside the brackets it would only be in the way.
  const end = (value: number) => formatValue(value, unit).replace(/ (tokens|points)$/, "");
  return `[${end(interval[0])}, ${end(interval[1])}]`;
}

/** Estimate, interval and n, e.g. `42% [31%, 54%], n = 32`. */
export function formatFinding({ estimate, interval, unit, n }: Finding): string {
  if (estimate === null) return `no estimate, n = ${n}`;
  return `${[formatValue(estimate, unit), formatInterval(interval, unit)].filter(Boolean).join(" ")}, n = ${n}`;
}

/** What the estimate was held against, e.g. `label permutation: 0.02 [−0.01, 0.05]`. */
export function formatControl({ control, unit }: Finding): string {
  const numbers = [
    control.estimate === null ? "" : formatValue(control.estimate, unit),
    formatInterval(control.interval, unit),
  ].filter(Boolean);
  return numbers.length === 0 ? control.kind : `${control.kind}: ${numbers.join(" ")}`;
}
