/** What refusals survive, one row per condition, as one mark on the sounding line. */
import type { SurvivalRow } from "../../../../src/shown/verdicts.ts";
import { survivalHead } from "../../../../src/shown/verdicts.ts";
import { termsAbove } from "../../lib/terms.ts";
import { DataTable } from "../table/data-table.tsx";
import { Explained } from "../term/explained.tsx";
import { StatusMark } from "./status-mark.tsx";

export function Survival({ rows }: { rows: readonly SurvivalRow[] }) {
  const above = termsAbove(rows.map(({ finding }) => finding.sentence));
  return (
    <li>
      <p className="question">What do refusals of hazardous prompts survive?</p>
      <div className="survival">
        <DataTable
          caption="What refusals survive: each condition with the share before and after"
          head={survivalHead}
          rows={rows.map(({ condition, before, after, change, finding }) => [
            condition,
            <StatusMark key="verdict" finding={finding} />,
            ...[before, after, change],
          ])}
        />
      </div>
      <details className="how">
        <summary>In words</summary>
        <ul className="prose">
          {rows.map(({ finding }, i) => (
            <li key={finding.id}>
              <Explained text={finding.sentence} above={above[i]} />
            </li>
          ))}
        </ul>
      </details>
    </li>
  );
}
