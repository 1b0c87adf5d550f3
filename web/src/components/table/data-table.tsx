/** A plain table. */
import type { ReactNode } from "react";
import { ScrollTable } from "./scroll-table.tsx";

interface DataTableProps {
  caption: string;
  head: readonly string[];
  /** The first cell of each row is its header. */
  rows: readonly (readonly ReactNode[])[];
  captionVisible?: boolean;
}

export function DataTable({ rows, ...frame }: DataTableProps) {
  const { head } = frame;
  return (
    <ScrollTable className="data" {...frame}>
      {rows.map((cells, i) => (
        <tr key={i}>
          {cells.map((cell, column) =>
            column === 0 ? (
              <th key={head[column]} scope="row">
                {cell}
              </th>
            ) : (
              <td key={head[column]}>{cell}</td>
            ),
          )}
        </tr>
      ))}
    </ScrollTable>
  );
}
