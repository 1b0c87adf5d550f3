/**
 * Puts the data of a report, about a run, an SAE, an anatomy or a comparison, into the built page. The page is one file that Vite built. The data goes
 * into its inert JSON script element. It is escaped so that no text in it, even a hostile answer, can end that element or begin another. If the
 * rows are in detail files, the page gets a digest of each, and its policy lets it load scripts from where it lies itself.
 */
import { failure } from "../core/errors.ts";
import { type AnatomyReport, anatomyReportSchema } from "../core/records/anatomy-report.ts";
import { type ReportData, reportDataSchema, reportRowSchema } from "../core/records/report.ts";
import { type SaeReport, saeReportSchema } from "../core/records/sae-report.ts";
import { type Comparison, comparisonSchema } from "../core/results/comparison.ts";
import { type Details, type PageWithDetails, packDigests } from "../core/results/digest.ts";
import { cutRows } from "./cut-rows.ts";

const [open, close] = ['<script type="application/json" id="fathom-data">', "</script>"] as const;
const dataSlot = `${open}null${close}`;
const titleSlot = "<title>Fathom report</title>";
/** Sources of scripts that the page's policy allows are added behind this. */
const policySlot = "script-src ";

type Data = ReportData | SaeReport | AnatomyReport | Comparison;

/** Rows that are written as one piece of text. */
const rowsAtOnce = 500;

/** Which files hold the rows, if the page does not. */
export type DetailFiles = Pick<Details, "folder" | "files" | "rows_per_file">;

/** @returns the whole HTML document @throws as `htmlPieces` */
export const renderHtml = (data: Data, template: string, files: DetailFiles | null = null): string =>
  [...htmlPieces(data, template, files)].join("");

/**
 * The page in pieces, because the page of a long run is too large to be in memory several times.
 * @param template the built page, see page-template.ts
 * @param files the detail files of a run's report; null: the page holds all rows
 * @returns the pieces of the HTML document, in order; they are made while they are read
 * @throws FathomError (exit 1) unless the template has exactly one place for the data
 */
export function htmlPieces(data: Data, template: string, files: DetailFiles | null = null): Iterable<string> {
  const known = checked(data);
  const withTitle = fill(template, titleSlot, `<title>${escapeHtml(data.title)}</title>`);
  // 'self' is the server that a page came from, file: the disk.
  const allowed = files === null ? withTitle : fill(withTitle, policySlot, `${policySlot}'self' file: `);
  const [before, after] = around(allowed, dataSlot);
  return (function* () {
    yield before + open;
    yield* jsonPieces(known, files);
    yield close + after;
  })();
}

/** The rows of a run's report are checked one by one, so that no second copy of all of them is made. */
function checked(data: Data): Data {
  if (!("kind" in data)) {
    for (const row of data.rows) reportRowSchema.parse(row);
    return { ...reportDataSchema.parse({ ...data, rows: [] }), rows: data.rows };
  }
  if (data.kind === "comparison") return comparisonSchema.parse(data);
  return data.kind === "sae" ? saeReportSchema.parse(data) : anatomyReportSchema.parse(data);
}

function* jsonPieces(data: Data, files: DetailFiles | null): Generator<string> {
  if ("kind" in data) {
    yield inertJson(data);
    return;
  }
  const { rows, ...rest } = data;
  if (files !== null) {
    const { searched, digests } = cutRows(rows);
    const details = { ...files, searched, digests: packDigests(digests) };
    yield inertJson({ ...rest, rows: [], details } satisfies PageWithDetails);
    return;
  }
  yield `${inertJson(rest).slice(0, -1)},"rows":[`;
  for (let i = 0; i < rows.length; i += rowsAtOnce)
    yield `${i === 0 ? "" : ","}${inertJson(rows.slice(i, i + rowsAtOnce)).slice(1, -1)}`;
  yield "]}";
}

/** @throws FathomError (exit 1) unless the template is one that `renderHtml` can fill */
export function requirePlaces(template: string): void {
  for (const slot of [titleSlot, policySlot, dataSlot]) fill(template, slot, "");
}

/**
 * JSON that is safe inside a script element. It has no `<`, so neither `</script>` nor `<!--`, and no U+2028 or U+2029, at which
 * older
 * JavaScript parsers end a line. JSON.parse gives the same value back.
 */
export function inertJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Replaces the only occurrence of `slot`. The pieces are joined, so `$&` in a hostile text has no meaning. */
function fill(page: string, slot: string, content: string): string {
  const [before, after] = around(page, slot);
  return before + content + after;
}

/** What is before and after the only occurrence of `slot`. */
function around(page: string, slot: string): [before: string, after: string] {
  const [before, after, ...more] = page.split(slot);
  if (before === undefined || after === undefined || more.length > 0)
    throw failure(
      "report template",
      `exactly one ${slot}`,
      `${page.split(slot).length - 1}`,
      "build it again with npm run setup",
    );
  return [before, after];
}
