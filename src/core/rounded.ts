/** Rounds the numbers of results. No interval of a result is exact enough to support more digits. */

/** @returns a copy of JSON data in which every number has at most six significant digits */
export function rounded<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (_key, item: unknown) =>
      typeof item === "number" && !Number.isInteger(item) ? Number(item.toPrecision(6)) : item,
    ),
  ) as T;
}
