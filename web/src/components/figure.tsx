/** A chart of findings, whose numbers carry n, interval and control into the table and the file. */
import type { ReactNode } from "react";
import { findingCells, findingCsv, findingHead, type NamedFinding } from "../lib/finding-table.ts";
import { DataFigure } from "./data-figure.tsx";

interface FigureProps {
  title: string;
  sentence: string;
  /** The rows of the table and of the file, with the name that the chart gives each. */
  rows: readonly NamedFinding[];
  /** File name without ending. */
  file: string;
  children: ReactNode;
}

export function Figure({ title, sentence, rows, file, children }: FigureProps) {
  return (
    <DataFigure
      title={title}
      sentence={sentence}
      head={findingHead}
      rows={rows.map(findingCells)}
      csv={() => findingCsv(rows)}
      wide
      file={file}
    >
      {children}
    </DataFigure>
  );
}
