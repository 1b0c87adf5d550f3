/** Leaves out marks of a chart that nobody could see between the others. */

/** Places along a chart that can be told apart. */
const places = 400;
/** Marks at one place, drawn over each other. */
const mostAtOnePlace = 3;

/** @returns all values if they are few; else at most `mostAtOnePlace` of those that are drawn at the same place */
export function thinned(
  values: readonly number[],
  [low, high]: readonly [number, number],
): readonly number[] {
  if (values.length <= places) return values;
  const drawn = new Map<number, number>();
  return values.filter((value) => {
    const place = Math.round(((value - low) / (high - low)) * places);
    const before = drawn.get(place) ?? 0;
    drawn.set(place, before + 1);
    return before < mostAtOnePlace;
  });
}
