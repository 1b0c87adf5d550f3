/** One side of a flip: the answer up to its cap, or the part of it that is printed. */
import type { ReportRow } from "../../../../src/core/records/report.ts";
import { textAt } from "../../lib/flips.ts";
import { Withheld } from "./withheld.tsx";

export function FlippedAnswer({ row, cap }: { row: ReportRow; cap: number }) {
  const text = textAt(row, cap);
  if (text === null) return <Withheld words={row.printable ?? ""} />;
  return text === "" ? (
    <p className="not-measured">The answer is empty.</p>
  ) : (
    <blockquote className="text" dir="auto">
      {text}
    </blockquote>
  );
}
