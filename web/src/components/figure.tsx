/** A chart of findings. Its table and its file give n, interval and control with every number. */
import type { ReactNode } from "react";
import { findingCells, findingCsv, findingHead, type NamedFinding } from "../lib/finding-table.ts";
import { DataFigure } from "./data-figure.tsx";

interface FigureProps {
  title: string;
  sentence: string;
  /** The rows of the table and of the file, with their names in the chart. */
  rows: readonly NamedFinding[];
  /** File name without extension. */
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
