/** Shows something of whole rows as soon as they are there, and says plainly which file is missing if they cannot be had. */
import { createContext, type ReactNode, use, useEffect, useState } from "react";
import type { ReportRow } from "../../../../src/core/records/report.ts";
import type { RowDigest } from "../../../../src/core/results/digest.ts";
import type { Answers, Missing } from "../../lib/answers.ts";

export const AnswersContext = createContext<Answers | null>(null);

interface WholeRowsProps {
  rows: readonly RowDigest[];
  /** @param whole one for each of `rows` */
  children: (whole: readonly ReportRow[]) => ReactNode;
}

export function WholeRows({ rows, children }: WholeRowsProps) {
  const answers = use(AnswersContext);
  if (answers === null) throw new Error("WholeRows: expected an AnswersContext around it, found none");
  const found = rows.map((row) => answers.of(row));
  const awaited = found.find((one) => one instanceof Promise);
  const [last, setLast] = useState<{ missing: Missing | null }>({ missing: null });
  // Not Suspense: it holds a text back for 300 ms once it has shown that it waits.
  useEffect(() => {
    let isShown = true;
    void awaited?.then((missing) => {
      if (isShown) setLast({ missing });
    });
    return () => {
      isShown = false;
    };
  }, [awaited]);
  if (last.missing !== null) return <MissingFile path={last.missing.path} />;
  if (awaited !== undefined) return <p className="not-measured">Loading the answer …</p>;
  return children(found as ReportRow[]);
}

function MissingFile({ path }: { path: string }) {
  const [folder] = path.split("/");
  return (
    <p className="not-measured" role="alert">
      <strong>This answer is not in this file.</strong> It is in <code>{path}</code>, beside the page, and
      that file is missing or damaged. Put the whole folder <code>{folder}</code> beside this page and load
      the page again, or make the report again: <code>fathom report RUN</code>
    </p>
  );
}
