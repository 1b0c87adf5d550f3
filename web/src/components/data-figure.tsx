/** A chart as this project shows charts: a sentence that says what it shows, the picture, the numbers, and a file of them. */
import type { ReactNode } from "react";
import { type Cell, toCsv } from "../../../src/core/csv.ts";
import { DataTable } from "./table/data-table.tsx";
import { Download } from "./table/download.tsx";

interface DataFigureProps {
  title: string;
  sentence: string;
  head: readonly string[];
  /** The rows of the table. */
  rows: readonly (readonly Cell[])[];
  /** The text of the file, if it holds more than the table. */
  csv?: () => string;
  /** Whether the rows hold sentences, which need a wide table. */
  wide?: boolean;
  /** File name without extension. */
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
