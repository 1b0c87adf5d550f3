/** Reads the page's data. Fathom checked it against its schema when it made the page. */
import type { AnatomyReport } from "../../../src/core/records/anatomy-report.ts";
import type { ReportData } from "../../../src/core/records/report.ts";
import type { SaeReport } from "../../../src/core/records/sae-report.ts";
import type { Comparison } from "../../../src/core/results/comparison.ts";
import {
  type Details,
  type PageWithDetails,
  type RowDigest,
  unpackDigests,
} from "../../../src/core/results/digest.ts";

/** A run's report as its page has it. */
export interface PageReport extends Omit<ReportData, "rows"> {
  /** Whole if there are no detail files. */
  rows: readonly RowDigest[];
  details: Details | null;
}

export type Page =
  | { kind: "audit"; data: PageReport }
  | { kind: "sae"; data: SaeReport }
  | { kind: "anatomy"; data: AnatomyReport }
  | { kind: "comparison"; data: Comparison }
  | { kind: "problem"; problem: string };

export function readPage(json: string | null): Page {
  if (json === null || json.trim() === "null")
    return {
      kind: "problem",
      problem: "This is the template of a Fathom report, without data. Try: fathom report RUN",
    };
  const data = JSON.parse(json) as { schema?: unknown; kind?: unknown };
  if (data.schema !== 1)
    return {
      kind: "problem",
      problem: `This page reads reports of schema 1 and found ${JSON.stringify(data.schema)}. Try: make the report again`,
    };
  switch (data.kind) {
    case "sae":
      return { kind: "sae", data: data as SaeReport };
    case "anatomy":
      return { kind: "anatomy", data: data as AnatomyReport };
    case "comparison":
      return { kind: "comparison", data: data as Comparison };
    default:
      return { kind: "audit", data: auditPage(data as ReportData | PageWithDetails) };
  }
}

function auditPage(data: ReportData | PageWithDetails): PageReport {
  if (!("details" in data)) return { ...data, details: null };
  const { digests, ...details } = data.details;
  return { ...data, rows: unpackDigests(digests), details };
}
