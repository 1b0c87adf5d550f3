/** A table row that opens below itself. Its first cell is the button that shows and hides the detail. */
import { type ReactNode, useId, useState } from "react";

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
