/** The text of a report's row at a cap. */
import type { ReportRow, RowVerdict } from "../../core/records/report.ts";

/** null if the answer is withheld. */
export function shownAt({ text, redacted }: ReportRow, { own_text, text_end }: RowVerdict): string | null {
  if (redacted || text === null) return null;
  return own_text ?? text.slice(0, text_end);
}
