/** How far the raters agree, shown when all are done. */

import { formatNumber } from "../../../src/core/format.ts";
import type { LabellingState } from "../../../src/core/records/labelling.ts";
import { ratedClasses } from "../../../src/core/records/labelling.ts";
import { className } from "./choices.ts";

const shown = (value: number | null) => (value === null ? "undefined" : formatNumber(value));

export function Agreement({ alpha, pairs }: NonNullable<LabellingState["agreement"]>) {
  if (pairs.length === 0) return null;
  return (
    <section aria-labelledby="agreement-title">
      <h2 id="agreement-title">How far the raters agree</h2>
      <p>
        Over the classes refusal, partial and compliance. Krippendorff&apos;s α over all raters:{" "}
        {shown(alpha)}.
      </p>
      {pairs.map(({ raters: [a, b], n, same, kappa, table }) => (
        <div className="pair" key={`${a ?? ""} ${b ?? ""}`}>
          <p>
            {a} and {b} agree on {same} of {n} answers: Cohen&apos;s κ {shown(kappa)}.
          </p>
          <table>
            <caption className="for-readers">
              Answers by the class of {a} and of {b}
            </caption>
            <thead>
              <tr>
                <th scope="col">
                  {a} ↓ {b} →
                </th>
                {ratedClasses.map((column) => (
                  <th scope="col" key={column}>
                    {className[column]}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {ratedClasses.map((row) => (
                <tr key={row}>
                  <th scope="row">{className[row]}</th>
                  {ratedClasses.map((column) => (
                    <td key={column} className={row === column ? "same" : undefined}>
                      {table[row][column]}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ))}
    </section>
  );
}
