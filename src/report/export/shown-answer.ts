/** The texts of a report's row: its answer at a cap, and the turns before its prompt. */
import type { Turn } from "../../core/records/prompt.ts";
import type { ReportRow, RowVerdict, ShownTurn } from "../../core/records/report.ts";

/** null if the answer is withheld. */
export function shownAt({ text, redacted }: ReportRow, { own_text, text_end }: RowVerdict): string | null {
  if (redacted || text === null) return null;
  return own_text ?? text.slice(0, text_end);
}

/** Said in place of a withheld text of which nothing may be printed. */
export const withheld = "(withheld)";

/** Earlier turns as messages. A withheld one is what the report prints of it. */
export const messagesOf = (turns: readonly ShownTurn[]): Turn[] =>
  turns.map(({ role, content, printable }) => ({ role, content: content ?? (printable || withheld) }));
