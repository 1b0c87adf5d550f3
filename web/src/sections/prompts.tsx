/** The table of every answer, with filters, sorting, pages, and rows that open. */
import { useDeferredValue, useMemo, useState } from "react";
import { AnswerTable } from "../components/answer/answer-table.tsx";
import { FilterBar } from "../components/answer/filter-bar.tsx";
import { Section } from "../components/section.tsx";
import { FoundRows } from "../components/table/found-rows.tsx";
import type { PageReport } from "../lib/data.ts";
import { rowsCsv } from "../lib/row-csv.ts";
import { filterRows, filtersOf, haystacks, type Sorting, sortRows } from "../lib/rows.ts";
import { useAddress } from "../lib/use-address.ts";

const pageSize = 50;

export function Prompts({ data }: { data: PageReport }) {
  const { rows, plan, details } = data;
  const [address, setAddress] = useAddress("prompts");
  const filters = useMemo(() => filtersOf(address, plan.caps), [address, plan]);
  const [sorting, setSorting] = useState<Sorting>({ key: "order", descending: false });
  // Other filters begin on their first page.
  const [paged, setPaged] = useState({ address, page: 0 });

  // Typing stays quick, because the table follows the text field with a delay.
  const applied = useDeferredValue(filters);
  const hay = useMemo(() => haystacks(rows), [rows]);
  const found = useMemo(
    () => sortRows(filterRows(rows, hay, applied), sorting, applied.cap),
    [rows, hay, applied, sorting],
  );

  return (
    <Section
      id="prompts"
      title="Every prompt"
      detail
      asked={Object.keys(address).length > 0}
      lead={`Each row is one answer. Open it for the text, the evidence and the verdict at every cap.${
        details === null
          ? ""
          : ` These are in the folder ${details.folder} beside this file. Copy both together.`
      }`}
    >
      <FilterBar
        data={data}
        filters={filters}
        sorting={sorting}
        onFilter={(next) => {
          setAddress({ ...next, cap: next.cap === plan.caps.at(-1) ? "" : String(next.cap) });
        }}
        onSort={setSorting}
      />
      <FoundRows
        of="answers"
        found={found}
        total={rows.length}
        remark={`, judged at ${applied.cap} tokens`}
        none="No answer fits these filters."
        csv={() => rowsCsv(found, data)}
        size={pageSize}
        page={paged.address === address ? paged.page : 0}
        onPage={(page) => {
          setPaged({ address, page });
        }}
      >
        {(shown, statusId) => (
          <AnswerTable
            rows={shown}
            cap={applied.cap}
            sorting={sorting}
            onSort={setSorting}
            describedBy={statusId}
          />
        )}
      </FoundRows>
    </Section>
  );
}
