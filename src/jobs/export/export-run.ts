/** Makes the text or bytes of a run in another program's form. Every form is made from the run's report, so each is redacted alike. */
import { parquetWriteBuffer } from "hyparquet-writer";
import { toCsv } from "../../core/csv.ts";
import { hashJson } from "../../core/hash.ts";
import type { ReportData } from "../../core/records/report.ts";
import { answerColumns, type Column } from "../../report/export/answer-columns.ts";
import { inspectLog } from "../../report/export/inspect-log.ts";
import { findingsJunit } from "../../report/gate-report.ts";
import { nameOfSubject } from "../audit/manifest.ts";
import { readRun } from "../audit/run.ts";
import { reportOfRun } from "../audit-report/report-of-run.ts";

export const exportForms = ["parquet", "csv", "inspect", "junit"] as const;
export type ExportForm = (typeof exportForms)[number];

const types = { text: "STRING", whole: "INT32", number: "DOUBLE", truth: "BOOLEAN" } as const;

/** @param showText print every answer whole @throws FathomError if the run is not a finished audit */
export function exportRun(path: string, form: ExportForm, showText: boolean): string | Uint8Array {
  const run = readRun(path);
  const data = reportOfRun(run, showText);
  switch (form) {
    case "parquet":
      return parquetOf(answerColumns(data), data);
    case "csv":
      return csvOf(answerColumns(data));
    case "inspect": {
      const { inputs, environment } = run.manifest;
      const facts = {
        id: hashJson(inputs).slice(0, 22),
        created: environment.created,
        model: `fathom/${nameOfSubject(inputs)}`,
        prompts: inputs.prompts.name,
        version: environment.fathom,
      };
      return `${JSON.stringify(inspectLog(data, facts), null, 1)}\n`;
    }
    case "junit":
      return findingsJunit(data.title, data.findings);
  }
}

function parquetOf(columns: readonly Column[], { title, redaction }: ReportData): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: columns.map(({ name, kind, values }) => ({
        name,
        data: values,
        type: types[kind],
        nullable: true,
      })),
      kvMetadata: [
        { key: "title", value: title },
        { key: "redaction", value: redaction.applied ? redaction.rule : "none" },
      ],
    }),
  );
}

/** Truth values are written as true and false; null is an empty cell. */
function csvOf(columns: readonly Column[]): string {
  const rows = Array.from({ length: columns[0]?.values.length ?? 0 }, (_, i) =>
    columns.map(({ values }) => {
      const value = values[i] ?? null;
      return typeof value === "boolean" ? String(value) : value;
    }),
  );
  return toCsv(
    columns.map(({ name }) => name),
    rows,
  );
}
