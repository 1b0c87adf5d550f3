/** Shades between paper and accent, so that a map of values is readable in light, in dark and on paper. */

/** @param part 0 for the faintest, 1 for the strongest */
export const shade = (part: number): string =>
  `color-mix(in oklab, var(--accent) ${Math.round(6 + 94 * part)}%, var(--paper))`;
