/** The first tokens that all prompts share: the template's opening, with its system turn. They are read once. */

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
