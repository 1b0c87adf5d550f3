/** The first and last tokens that all prompts share. The first ones, the template's opening with its system turn, are read once. */

/** @param rows [prompts] tokens @returns their common beginning; it leaves every prompt a token of its own */
export function commonStart(rows: readonly (readonly number[])[]): number[] {
  const [first = [], ...others] = rows;
  const most = Math.min(...rows.map(({ length }) => length)) - 1;
  const end = first.findIndex((token, i) => i >= most || others.some((row) => row[i] !== token));
  return first.slice(0, Math.max(0, end));
}

/** A shorter start costs more to manage than to read again. */
const shortestShared = 8;

/** The common start of prompts, if it is long enough to be read apart; empty otherwise. */
export function sharedStart(prompts: readonly { ids: readonly number[] }[]): number[] {
  const start = commonStart(prompts.map(({ ids }) => ids));
  return start.length < shortestShared ? [] : start;
}

/** @param rows [prompts] tokens, at least one row @returns how many tokens at their ends are the same */
export function commonEnd(rows: readonly (readonly number[])[]): number {
  const [first, ...others] = rows;
  const most = Math.min(...rows.map(({ length }) => length));
  let count = 0;
  while (count < most && others.every((row) => row.at(-1 - count) === first!.at(-1 - count))) count++;
  return count;
}
