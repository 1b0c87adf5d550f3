/** The first items of a list that may be very long, and a button that shows more of them. */
import { type ReactNode, useState } from "react";

/** The list grows by this many. */
const step = 20;

interface GrowingListProps<Item> {
  items: readonly Item[];
  className: string;
  keyOf: (item: Item) => string;
  children: (item: Item) => ReactNode;
}

export function GrowingList<Item>({ items, className, keyOf, children }: GrowingListProps<Item>) {
  const [shown, setShown] = useState(step);
  return (
    <>
      <ul className={className}>
        {items.slice(0, shown).map((item) => (
          <li key={keyOf(item)}>{children(item)}</li>
        ))}
      </ul>
      {items.length > shown && (
        <p>
          The first {shown} of {items.length}.{" "}
          <button
            type="button"
            className="quiet"
            onClick={() => {
              setShown(shown + step);
            }}
          >
            Show {Math.min(step, items.length - shown)} more
          </button>
        </p>
      )}
    </>
  );
}
