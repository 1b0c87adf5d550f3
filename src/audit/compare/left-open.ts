/** What a change that is not found leaves open. "Not found" is not "no change": the interval says how large a change may still be. */
import { formatNumber } from "../../core/format.ts";
import type { Finding } from "../../core/records/finding.ts";
import { largestSmallChange } from "../common/choices.ts";

/** The finding, with a sentence behind its own if no change was shown. */
export function withLeftOpen(finding: Finding): Finding {
  const { status, interval, unit, sentence } = finding;
  if (status !== "not found" || interval === null) return finding;
  const [low, high] = interval;
  const most = Math.max(Math.abs(low), Math.abs(high));
  const isShares = unit === "difference of shares";
  const size = isShares ? `${Math.round(100 * most)} points` : formatNumber(most);
  const isSmall = isShares && most < largestSmallChange;
  const said = isSmall
    ? `No change was shown, and the interval leaves room for at most ${size}.`
    : `No change was shown, but one of up to ${size} is not ruled out.`;
  const despite =
    low > 0 || high < 0
      ? " The interval leaves out 0, but many changes are tested together, and corrected for that it is no claim."
      : "";
  return { ...finding, sentence: `${sentence} ${said}${despite}` };
}
