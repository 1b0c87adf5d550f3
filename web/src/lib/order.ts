/** Searches and sorts any long table. It is pure, so it can be tested without a browser. */

export interface Order<K extends string> {
  key: K;
  descending: boolean;
}

/** The words of a search, in lower case. Every one of them must occur. */
export function wordsOf(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}

/** A stable sort. Rows without a value come last in both directions. */
export function inOrder<Row>(
  rows: readonly Row[],
  value: (row: Row) => string | number | null,
  descending: boolean,
): Row[] {
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => ({ row, at: value(row) }))
    .sort((a, b) => {
      if (a.at === null || b.at === null) return Number(a.at === null) - Number(b.at === null);
      return a.at < b.at ? -sign : a.at > b.at ? sign : 0;
    })
    .map(({ row }) => row);
}
