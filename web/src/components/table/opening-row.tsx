/** A table's row that opens below itself: its first cell is the button that shows and hides what lies there. */
import { type ReactNode, useId, useState } from "react";

interface Opening {
  isOpen: boolean;
  /** Of the row below; in the page only while that is open. */
  detailId: string;
  onToggle: () => void;
}

/** Which rows of a table are open. A row that is sorted, filtered or paged away is as it was when it comes back. */
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
  /** Columns of the table. */
  columns: number;
  detail: () => ReactNode;
}

export function OpeningRow({ opening, className, title, children, columns, detail }: OpeningRowProps) {
  const { isOpen, detailId, onToggle } = opening;
  return (
    <>
      <tr className={isOpen ? "open" : ""}>
        <th scope="row">
          <button
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
        <tr className="detail" id={detailId}>
          <td colSpan={columns}>{detail()}</td>
        </tr>
      )}
    </>
  );
}
