/**
 * The result of a search in a long table: the number of rows, a file of them, and one page of rows. Only that page is in the
 * document.
 */
import { type ReactNode, useId } from "react";
import { Download } from "./download.tsx";
import { Pager } from "./pager.tsx";

interface FoundRowsProps<Row> {
  /** The name of the rows, in the plural; also the file's name. */
  of: string;
  found: readonly Row[];
  /** Number of rows before the search. */
  total: number;
  /** Text after the number of rows. */
  remark: string;
  /** Text that is shown if there are no rows. */
  none: string;
  csv: () => string;
  size: number;
  /** From 0. A number after the last page shows the last page. */
  page: number;
  onPage: (page: number) => void;
  /** @param statusId id of the element that says how many rows there are */
  children: (shown: readonly Row[], statusId: string) => ReactNode;
}

export function FoundRows<Row>(props: FoundRowsProps<Row>) {
  const { of, found, total, remark, none, csv, size, page, onPage, children } = props;
  const statusId = useId();
  const pages = Math.max(1, Math.ceil(found.length / size));
  const current = Math.min(page, pages - 1);
  const number = found.length === total ? `All ${total}` : `${found.length} of ${total}`;
  return (
    <>
      <div className="table-head">
        <p role="status" id={statusId}>
          {`${number} ${of}${remark}`}
        </p>
        <Download name={`${of}.csv`} content={csv}>
          Download these as CSV
        </Download>
      </div>
      {found.length === 0 ? (
        <p className="not-measured">{none}</p>
      ) : (
        children(found.slice(current * size, (current + 1) * size), statusId)
      )}
      <Pager of={of} page={current} pages={pages} size={size} total={found.length} onPage={onPage} />
    </>
  );
}
