/** A chart the way this project shows one: what it says in a sentence, the picture, the numbers, and a file of them. */
import type { ReactNode } from "react";
import { type Cell, toCsv } from "../lib/csv.ts";
import { DataTable } from "./table/data-table.tsx";
import { Download } from "./table/download.tsx";

interface DataFigureProps {
  title: string;
  sentence: string;
  head: readonly string[];
  /** What the table shows. */
  rows: readonly (readonly Cell[])[];
  /** What the file holds, where that is more than the table. */
  csv?: () => string;
  /** Rows of sentences, which need a wide table. */
  wide?: boolean;
  /** File name without ending. */
  file: string;
  children: ReactNode;
}

export function DataFigure({
  title,
  sentence,
  head,
  rows,
  csv,
  wide = false,
  file,
  children,
}: DataFigureProps) {
  return (
    <figure>
      <figcaption>
        <h3>{title}</h3>
        <p>{sentence}</p>
      </figcaption>
      {children}
      <div className="beside">
        <details>
          <summary>
            The numbers, {rows.length} {rows.length === 1 ? "row" : "rows"}
          </summary>
          <div className={wide ? "sentences" : ""}>
            <DataTable caption={title} head={head} rows={rows} />
          </div>
        </details>
        <Download name={`${file}.csv`} content={csv ?? (() => toCsv(head, rows))}>
          Download CSV
        </Download>
      </div>
    </figure>
  );
}
