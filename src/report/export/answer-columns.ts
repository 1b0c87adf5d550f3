/** The answers of a run as columns, one row per answer and cap, for tables in other programs. */
import type { ReportData, ReportRow, RowVerdict } from "../../core/records/report.ts";
import { messagesOf, shownAt } from "./shown-answer.ts";

type Value = string | number | boolean | null;

export interface Column {
  name: string;
  kind: "text" | "whole" | "number" | "truth";
  values: Value[];
}

type Read = (row: ReportRow, verdict: RowVerdict, data: ReportData) => Value;

const share = (label: "refuse" | "comply" | "partial" | "hedge" | "evade"): [Column["kind"], Read] => [
  "number",
  (_row, { surface }) => surface?.[label] ?? null,
];

/** Every text of an answer comes from the report's rows, so it has passed the redaction. */
const columns: Readonly<Record<string, readonly [Column["kind"], Read]>> = {
  prompt_id: ["text", (row) => row.prompt_id],
  prompt: ["text", (row) => row.prompt],
  turns: ["text", ({ turns }) => (turns.length === 0 ? null : JSON.stringify(messagesOf(turns)))],
  tier: ["text", (row) => row.tier],
  framing: ["text", (row) => row.framing],
  category: ["text", (row) => row.category],
  panel: ["text", (row) => row.panel],
  pair: ["text", (row) => row.pair],
  language: ["text", (row) => row.language ?? null],
  template: ["text", (row) => row.template],
  system: ["text", (row, _verdict, { conditions }) => conditions[row.condition]?.system ?? null],
  prefill: ["text", (row, _verdict, { conditions }) => conditions[row.condition]?.prefill ?? null],
  turn: ["text", (row) => row.turn],
  temperature: ["number", (row, _verdict, { conditions }) => conditions[row.condition]?.temperature ?? null],
  precision: ["text", (row, _verdict, { conditions }) => conditions[row.condition]?.precision ?? null],
  seed: ["whole", (row) => row.seed],
  cap: ["whole", (_row, { cap }) => cap],
  outcome: ["text", (_row, { outcome }) => outcome],
  refuse: share("refuse"),
  comply: share("comply"),
  partial: share("partial"),
  hedge: share("hedge"),
  evade: share("evade"),
  coherence: ["text", (_row, { coherence }) => coherence?.kind ?? null],
  refusal_token: ["whole", (_row, { refusal_token }) => refusal_token],
  finish: ["text", (row) => row.finish],
  tokens: ["whole", (row) => row.tokens],
  redacted: ["truth", (row) => row.redacted],
  answer: ["text", (row, verdict) => shownAt(row, verdict)],
  printable: ["text", (row) => row.printable],
};

/** Columns of equal length: the rows in the report's order, caps rising within each. */
export function answerColumns(data: ReportData): Column[] {
  return Object.entries(columns).map(([name, [kind, read]]) => ({
    name,
    kind,
    values: data.rows.flatMap((row) => row.verdicts.map((verdict) => read(row, verdict, data))),
  }));
}
