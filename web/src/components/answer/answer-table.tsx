/** The table of answers: sortable headers, and rows that open below themselves. */
import { formatNumber } from "../../../../src/core/format.ts";
import { askedWords, outcomeWords, tierWords } from "../../../../src/core/records/words.ts";
import type { RowDigest } from "../../../../src/core/results/digest.ts";
import { TierMark } from "../../charts/marks.tsx";
import { type Sorting, type SortKey, verdictAt } from "../../lib/rows.ts";
import { OpeningRow, useOpenings } from "../table/opening-row.tsx";
import { SortHeader } from "../table/sort-header.tsx";
import { AnswerDetail } from "./answer-detail.tsx";
import { WholeRows } from "./whole-rows.tsx";

export const sortWords: Record<SortKey, string> = {
  order: "Prompt order",
  prompt: "Prompt",
  tier: "Tier",
  framing: "Framing",
  template: "Template",
  outcome: "Outcome",
  onset: "Refusal at token",
  D: "D",
};
const columns = ["prompt", "tier", "framing", "template", "outcome", "onset", "D"] as const;
/** Columns that a narrow window has no room for. They are shown below the prompt instead. */
const narrowHides: ReadonlySet<SortKey> = new Set<SortKey>(["tier", "framing", "template", "onset", "D"]);

interface AnswerTableProps {
  rows: readonly RowDigest[];
  cap: number;
  sorting: Sorting;
  onSort: (sorting: Sorting) => void;
  describedBy: string;
}

export function AnswerTable({ rows, cap, sorting, onSort, describedBy }: AnswerTableProps) {
  const openingOf = useOpenings();
  return (
    <table className="answers" aria-describedby={describedBy}>
      <caption className="for-readers">Answers, one per row</caption>
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
          return (
            <OpeningRow
              key={key}
              opening={openingOf(key)}
              className="opener"
              title={<Title row={row} />}
              columns={columns.length}
              detail={() => (
                <WholeRows rows={[row]}>
                  {([whole]) => <AnswerDetail row={whole!} cap={cap} shownPrompt={row.prompt} />}
                </WholeRows>
              )}
            >
              <Measured row={row} cap={cap} />
            </OpeningRow>
          );
        })}
      </tbody>
    </table>
  );
}

function Title({ row }: { row: RowDigest }) {
  return (
    <span>
      {row.prompt}
      <span className="meta">
        <span className="narrow-only">
          <TierMark tier={row.tier} /> {tierWords[row.tier]} · {row.framing} · {askedWords(row)} ·{" "}
        </span>
        {row.prompt_id}
        {row.turns.length > 0 &&
          ` · after ${row.turns.length} earlier ${row.turns.length === 1 ? "turn" : "turns"}`}
      </span>
    </span>
  );
}

function Measured({ row, cap }: { row: RowDigest; cap: number }) {
  const verdict = verdictAt(row, cap);
  const onset = verdict?.refusal_token ?? null;
  return (
    <>
      <td className="roomy nowrap">
        <TierMark tier={row.tier} /> {tierWords[row.tier]}
      </td>
      <td className="roomy">{row.framing}</td>
      <td className="roomy">{askedWords(row)}</td>
      <td className={`outcome outcome-${verdict?.outcome ?? "undetermined"}`}>
        {verdict === undefined ? "Not judged" : outcomeWords[verdict.outcome]}
      </td>
      <td className="roomy number">{onset ?? "–"}</td>
      <td className="roomy number">{row.D[0] == null ? "–" : formatNumber(row.D[0])}</td>
    </>
  );
}
