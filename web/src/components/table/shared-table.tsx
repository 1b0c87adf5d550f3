/** A table that the page shares with the Markdown; nothing if it has no rows. */
import type { Table } from "../../../../src/shown/anatomy-tables.ts";
import { DataTable } from "./data-table.tsx";

export function SharedTable({ title, table, wide = false }: { title: string; table: Table; wide?: boolean }) {
  if (table.rows.length === 0) return null;
  return (
    <div className={wide ? "sentences spaced" : "spaced"}>
      <DataTable caption={title} captionVisible head={table.head} rows={table.rows} />
    </div>
  );
}
