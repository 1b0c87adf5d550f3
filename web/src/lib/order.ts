/** Searching and sorting of any long table; pure, so that it can be tested without a browser. */

export interface Order<K extends string> {
  key: K;
  descending: boolean;
}

/** What free text asks for: every one of these has to occur. Lower case. */
export function wordsOf(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}

/** Stable; rows without a value come last whichever way the order runs. */
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
