/** The table of answers: sortable headers, and rows that open below themselves. */

import { Fragment, useId, useState } from "react";
import { formatNumber } from "../../../src/core/format.ts";
import type { ReportRow } from "../../../src/core/report.ts";
import { outcomeWords, templateWords, tierWords } from "../../../src/core/words.ts";
import { TierMark } from "../charts/marks.tsx";
import { type Sorting, type SortKey, verdictAt } from "../lib/rows.ts";
import { AnswerDetail } from "./answer-detail.tsx";
import { RowOpener } from "./row-opener.tsx";
import { SortHeader } from "./sort-header.tsx";

export const sortWords: Record<SortKey, string> = {
  order: "Order asked",
  prompt: "Prompt",
  tier: "Tier",
  framing: "Framing",
  template: "Template",
  outcome: "Outcome",
  onset: "Refusal at token",
  D: "D",
};
const columns = ["prompt", "tier", "framing", "template", "outcome", "onset", "D"] as const;
/** Said below the prompt where the window has no room for a column each. */
const narrowHides: ReadonlySet<SortKey> = new Set<SortKey>(["tier", "framing", "template", "onset", "D"]);

interface AnswerTableProps {
  rows: readonly ReportRow[];
  cap: number;
  sorting: Sorting;
  onSort: (sorting: Sorting) => void;
  describedBy: string;
}

export function AnswerTable({ rows, cap, sorting, onSort, describedBy }: AnswerTableProps) {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const tableId = useId();
  const toggle = (key: string) => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  };

  return (
    <table className="answers" aria-describedby={describedBy}>
      <caption className="for-readers">Answers, one a row</caption>
      <thead>
        <tr>
          {columns.map((key) => (
            <SortHeader
              key={key}
              name={key}
              words={sortWords[key]}
              className={narrowHides.has(key) ? `col-${key} roomy` : `col-${key}`}
              sorting={sorting}
              onSort={onSort}
            />
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => {
          const key = `${row.prompt_id}/${row.condition}`;
          const detailId = `${tableId}-${key.replace(/[^\w-]/g, "_")}`;
          const isOpen = open.has(key);
          return (
            <Fragment key={key}>
              <tr className={isOpen ? "open" : ""}>
                <AnswerCells
                  row={row}
                  cap={cap}
                  isOpen={isOpen}
                  detailId={detailId}
                  onToggle={() => {
                    toggle(key);
                  }}
                />
              </tr>
              {isOpen && (
                <tr className="detail" id={detailId}>
                  <td colSpan={columns.length}>
                    <AnswerDetail row={row} cap={cap} />
                  </td>
                </tr>
              )}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}

interface AnswerCellsProps {
  row: ReportRow;
  cap: number;
  isOpen: boolean;
  detailId: string;
  onToggle: () => void;
}

function AnswerCells({ row, cap, isOpen, detailId, onToggle }: AnswerCellsProps) {
  const verdict = verdictAt(row, cap);
  const onset = verdict?.refusal_token ?? null;
  return (
    <>
      <th scope="row">
        <RowOpener className="opener" isOpen={isOpen} detailId={detailId} onToggle={onToggle}>
          <span>
            {row.prompt}
            <span className="meta">
              <span className="narrow-only">
                <TierMark tier={row.tier} /> {tierWords[row.tier]} · {row.framing} ·{" "}
                {templateWords[row.template]} ·{" "}
              </span>
              {row.prompt_id}
            </span>
          </span>
        </RowOpener>
      </th>
      <td className="roomy nowrap">
        <TierMark tier={row.tier} /> {tierWords[row.tier]}
      </td>
      <td className="roomy">{row.framing}</td>
      <td className="roomy">{templateWords[row.template]}</td>
      <td className={`outcome outcome-${verdict?.outcome ?? "undetermined"}`}>
        {verdict === undefined ? "Not judged" : outcomeWords[verdict.outcome]}
      </td>
      <td className="roomy number">{onset ?? "–"}</td>
      <td className="roomy number">{row.D[0] == null ? "–" : formatNumber(row.D[0])}</td>
    </>
  );
}
