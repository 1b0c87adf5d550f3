/** The button in a table's row that shows and hides what lies below it. */
import type { ReactNode } from "react";

interface RowOpenerProps {
  className: "opener" | "expander";
  isOpen: boolean;
  /** Of the row that it shows; in the page only while that is open. */
  detailId: string;
  onToggle: () => void;
  children: ReactNode;
}

export function RowOpener({ className, isOpen, detailId, onToggle, children }: RowOpenerProps) {
  return (
    <button
      type="button"
      className={className}
      aria-expanded={isOpen}
      {...(isOpen ? { "aria-controls": detailId } : {})}
      onClick={onToggle}
    >
      <span className="chevron" aria-hidden="true" />
      {children}
    </button>
  );
}
