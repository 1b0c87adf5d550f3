/** The wait that a server asks for with the header Retry-After. */

/**
 * @param value the header's value: seconds, or an HTTP date
 * @param now milliseconds since 1970
 * @returns milliseconds from `now`; null if there is no header or nobody can read it
 */
export function retryAfter(value: string | null | undefined, now: number): number | null {
  const text = value?.trim() ?? "";
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // A date without a time of day is not the form that HTTP has.
  const date = /\d:\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
