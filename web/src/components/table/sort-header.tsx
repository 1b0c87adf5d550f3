/** A column header that sorts by its column; a second click reverses the order. */
import type { Order } from "../../lib/order.ts";

interface SortHeaderProps<K extends string> {
  name: K;
  words: string;
  className: string;
  sorting: Order<K>;
  onSort: (sorting: Order<K>) => void;
}

export function SortHeader<K extends string>({
  name,
  words,
  className,
  sorting,
  onSort,
}: SortHeaderProps<K>) {
  const active = sorting.key === name;
  const direction = sorting.descending ? "descending" : "ascending";
  return (
    <th scope="col" className={className} aria-sort={active ? direction : "none"}>
      <button
        type="button"
        onClick={() => {
          onSort({ key: name, descending: active && !sorting.descending });
        }}
      >
        {words}
        <span className="arrow" aria-hidden="true">
          {active ? (sorting.descending ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  );
}
