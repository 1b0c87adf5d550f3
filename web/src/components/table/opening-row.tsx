/** A table row that opens below itself. Its first cell is the button that shows and hides the detail; Escape hides it too. */
import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from "react";

interface Opening {
  isOpen: boolean;
  /** Id of the row below, which is in the page only while it is open. */
  detailId: string;
  onToggle: () => void;
}

/** Keeps which rows of a table are open. A row that is sorted, filtered or paged away keeps its state until it comes back. */
export function useOpenings(): (row: string | number) => Opening {
  const [open, setOpen] = useState<ReadonlySet<string | number>>(new Set());
  const tableId = useId();
  return (row) => ({
    isOpen: open.has(row),
    detailId: `${tableId}-${String(row).replace(/[^\w-]/g, "_")}`,
    onToggle: () => {
      const next = new Set(open);
      if (!next.delete(row)) next.add(row);
      setOpen(next);
    },
  });
}

interface OpeningRowProps {
  opening: Opening;
  className: "opener" | "expander";
  title: ReactNode;
  /** The other cells. */
  children: ReactNode;
  /** Number of columns of the table. */
  columns: number;
  detail: () => ReactNode;
}

export function OpeningRow({ opening, className, title, children, columns, detail }: OpeningRowProps) {
  const { isOpen, detailId, onToggle } = opening;
  const button = useRef<HTMLButtonElement>(null);
  const closeOnEscape = ({ key }: KeyboardEvent) => {
    if (key !== "Escape" || !isOpen) return;
    onToggle();
    button.current?.focus();
  };
  return (
    <>
      <tr className={isOpen ? "open" : ""} onKeyDown={closeOnEscape}>
        <th scope="row">
          <button
            ref={button}
            type="button"
            className={className}
            aria-expanded={isOpen}
            {...(isOpen ? { "aria-controls": detailId } : {})}
            onClick={onToggle}
          >
            <span className="chevron" aria-hidden="true" />
            {title}
          </button>
        </th>
        {children}
      </tr>
      {isOpen && (
        <tr className="detail" id={detailId} onKeyDown={closeOnEscape}>
          <td colSpan={columns}>{detail()}</td>
        </tr>
      )}
    </>
  );
}
