/** Finds the whole rows of a report's answers: in the page, or in the detail files beside it, each of which is loaded when one of its rows is opened. */
import type { ReportRow } from "../../../src/core/records/report.ts";
import type { RowDigest } from "../../../src/core/results/digest.ts";
import type { PageReport } from "./data.ts";

/** A detail file that is not there or is damaged. */
export interface Missing {
  /** Its path from the page. */
  path: string;
}

declare global {
  /** Detail files call this with their number and their rows. */
  var fathomRows: (file: number, rows: readonly ReportRow[]) => void;
}

export class Answers {
  readonly #report: Pick<PageReport, "rows" | "details">;
  readonly #arrived = new Map<number, readonly ReportRow[]>();
  readonly #loading = new Map<number, Promise<Missing | null>>();

  constructor(report: Pick<PageReport, "rows" | "details">) {
    this.#report = report;
    globalThis.fathomRows = (file, rows) => {
      this.#arrived.set(file, rows);
    };
  }

  /** The whole row, or a promise that it can be asked for again. @param row one of the report's */
  of(row: RowDigest): ReportRow | Promise<Missing | null> {
    const { details } = this.#report;
    const place = this.#report.rows.indexOf(row);
    // Without detail files the page's rows are whole.
    if (details === null) return this.#report.rows[place] as ReportRow;
    const file = Math.floor(place / details.rows_per_file);
    const whole = this.#arrived.get(file)?.[place % details.rows_per_file];
    if (whole !== undefined) return whole;
    let loading = this.#loading.get(file);
    if (loading === undefined) {
      loading = this.#load(file, `${details.folder}/${details.files[file]}`);
      this.#loading.set(file, loading);
    }
    return loading;
  }

  /** A page opened from a disk may not read a file, but it may load a script. */
  #load(file: number, path: string): Promise<Missing | null> {
    const script = document.createElement("script");
    script.src = path;
    return new Promise((resolve) => {
      const ended = () => {
        script.remove();
        resolve(this.#arrived.has(file) ? null : { path });
      };
      script.addEventListener("load", ended);
      script.addEventListener("error", ended);
      document.head.append(script);
    });
  }
}
