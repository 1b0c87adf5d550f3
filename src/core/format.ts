/** Formats the numbers of findings. The page, the Markdown and the terminal use the same formats. */
import type { Finding } from "./records/finding.ts";

/** Units that are shown as a percentage. Values lie in [0, 1], or in [−1, 1] for a difference. */
const shares = new Set(["share", "proportion", "fraction", "rate", "probability"]);

/** The unit of a difference of two shares. It is shown in percentage points. */
const shareDifference = "difference of shares";

/** Whether values of the unit can share one axis of percentages. */
export const isShare = (unit: string): boolean => shares.has(unit) || unit === shareDifference;

export const statusWords: Record<Finding["status"], string> = {
  found: "Found",
  "not found": "Not found",
  undetermined: "Undetermined",
};

/** The unit of a share that may lie near 0 or 1, where whole percents are too coarse. */
export const fineShare = "fine share";

/** Shows two digits of the distance to 0% or 100%, e.g. `17%`, `6.8%`, `99.96%`. So 99.96% is not rounded to 100%. */
export function formatFineShare(share: number): string {
  const away = 100 * Math.min(Math.abs(share), Math.abs(1 - share));
  const digits = away > 0 ? Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(away)))) : 0;
  return `${(100 * share).toFixed(digits).replace("-", "−")}%`;
}

/** e.g. `42%`, `−12 points`, `0.312`, `17 tokens`; an en dash for null. */
export function formatValue(value: number | null, unit: string): string {
  if (value === null) return "–";
  if (isShare(unit)) {
    const percent = formatNumber(Math.round(value * 100));
    return unit === shareDifference ? `${percent} points` : `${percent}%`;
  }
  if (unit === fineShare) return formatFineShare(value);
  // "tokens" is printed after the number. Other units (D) name the quantity, which the text around already says.
  return unit === "tokens" ? `${formatNumber(value)} ${unit}` : formatNumber(value);
}

/**
 * Three significant digits and a true minus sign (−). Numbers in findings are never so large or small that an exponent appears.
 */
export function formatNumber(value: number): string {
  const text = Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(3)));
  return text.replace("-", "−");
}

/** A count with thousands separators, e.g. `12,480`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** A p or q value: `0.012`, and `< 0.001` for anything smaller, because more digits would look more exact than they are. */
export function formatProbability(value: number): string {
  return value < 0.001 ? "<\u00a00.001" : formatNumber(value);
}

/** e.g. `[31%, 54%]`; an empty text for null. */
export function formatInterval(interval: readonly [number, number] | null, unit: string): string {
  if (interval === null) return "";
  // The estimate beside the interval already says "tokens" or "points".
  const end = (value: number) => formatValue(value, unit).replace(/ (tokens|points)$/, "");
  return `[${end(interval[0])}, ${end(interval[1])}]`;
}

/** Estimate, interval and n, e.g. `42% [31%, 54%], n = 32`. */
export function formatFinding({ estimate, interval, unit, n }: Finding): string {
  if (estimate === null) return `no estimate, n = ${n}`;
  return `${[formatValue(estimate, unit), formatInterval(interval, unit)].filter(Boolean).join(" ")}, n = ${n}`;
}

/** The control that the estimate is compared with, e.g. `label permutation: 0.02 [−0.01, 0.05]`. */
export function formatControl({ control, unit }: Finding): string {
  const numbers = [
    control.estimate === null ? "" : formatValue(control.estimate, unit),
    formatInterval(control.interval, unit),
  ].filter(Boolean);
  return numbers.length === 0 ? control.kind : `${control.kind}: ${numbers.join(" ")}`;
}

/** A list in a sentence: `a`, `a and b`, `a, b and c`. */
export function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)!}`;
}
