/** Every answer: filter, sort, page, open. Only one page of rows is in the document, so thousands stay quick. */
import { useDeferredValue, useId, useMemo, useState } from "react";
import type { ReportData } from "../../../src/core/report.ts";
import { AnswerTable } from "../components/answer-table.tsx";
import { Download } from "../components/download.tsx";
import { FilterBar } from "../components/filter-bar.tsx";
import { Pager } from "../components/pager.tsx";
import { Section } from "../components/section.tsx";
import { rowsCsv } from "../lib/row-csv.ts";
import { type Filters, filterRows, haystacks, type Sorting, sortRows } from "../lib/rows.ts";

const pageSize = 50;

export function Prompts({ data }: { data: ReportData }) {
  const { rows, plan } = data;
  const [filters, setFilters] = useState<Filters>({
    search: "",
    tier: "",
    framing: "",
    template: "",
    outcome: "",
    panel: "",
    cap: plan.caps.at(-1) ?? 0,
  });
  const [sorting, setSorting] = useState<Sorting>({ key: "order", descending: false });
  const [page, setPage] = useState(0);
  const statusId = useId();

  // Typing stays quick: the table follows the text field when there is time.
  const applied = useDeferredValue(filters);
  const hay = useMemo(() => haystacks(rows), [rows]);
  const found = useMemo(
    () => sortRows(filterRows(rows, hay, applied), sorting, applied.cap),
    [rows, hay, applied, sorting],
  );
  const pages = Math.max(1, Math.ceil(found.length / pageSize));
  const current = Math.min(page, pages - 1);
  const shown = found.slice(current * pageSize, (current + 1) * pageSize);

  return (
    <Section
      id="prompts"
      title="Every prompt"
      lead="Each row is one answer. Open it for the text, the evidence and the verdict at every cap."
    >
      <FilterBar
        data={data}
        filters={filters}
        sorting={sorting}
        onFilter={(next) => {
          setFilters(next);
          setPage(0);
        }}
        onSort={setSorting}
      />
      <div className="table-head">
        <p role="status" id={statusId}>
          {found.length === rows.length
            ? `All ${rows.length} answers`
            : `${found.length} of ${rows.length} answers`}
          {`, judged at ${applied.cap} tokens`}
        </p>
        <Download name="answers.csv" content={() => rowsCsv(found, data.insides)}>
          Download these as CSV
        </Download>
      </div>
      {found.length === 0 ? (
        <p className="not-measured">No answer fits these filters.</p>
      ) : (
        <AnswerTable
          rows={shown}
          cap={applied.cap}
          sorting={sorting}
          onSort={setSorting}
          describedBy={statusId}
        />
      )}
      <Pager
        of="answers"
        page={current}
        pages={pages}
        size={pageSize}
        total={found.length}
        onPage={setPage}
      />
    </Section>
  );
}
