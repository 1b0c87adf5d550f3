/**
 * Declares tests of a page in a real browser. They share one browser and one folder, and are skipped if there is no
 * browser.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe } from "vitest";
import type { ReportData } from "../../src/core/records/report.ts";
import { detailFiles, detailFolder, rowsPerFile } from "../../src/report/detail-files.ts";
import { type DetailFiles, renderHtml } from "../../src/report/html.ts";
import { readTemplate } from "../../src/report/page-template.ts";
import { findBrowser, launch } from "./browser.ts";
import { type Opened, openPage, type View } from "./page.ts";

/**
 * @param dataOf makes a page's data from the options of a test
 * @param tests declares the tests; `open` opens the page with that data, as a reader would
 */
export function describePage<Options>(
  name: string,
  dataOf: (options: Options) => Parameters<typeof renderHtml>[0],
  tests: (open: (options: Options, view?: View) => Promise<Opened>) => void,
): void {
  const executable = findBrowser();
  if (executable === null) process.stderr.write(`${name} is skipped: no browser, see test/QUARANTINES.md\n`);

  describe.skipIf(executable === null)(`${name} (where there is none: test/QUARANTINES.md)`, () => {
    let folder: string;
    let browser: Browser;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), "fathom-page-"));
      browser = await launch(executable!);
    });
    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true });
    });

    tests((options, view = {}) => {
      const data = dataOf(options);
      const files = view.beside === true && !("kind" in data) ? detailsIn(folder, data) : null;
      return openPage(browser, folder, renderHtml(data, readTemplate(), files), view);
    });
  });
}

/** Writes the detail files of a report, however few its answers are. */
function detailsIn(folder: string, { rows }: ReportData): DetailFiles {
  const path = join(folder, detailFolder);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  const files = [...detailFiles(rows)];
  for (const { name, text } of files) writeFileSync(join(path, name), text);
  return { folder: detailFolder, files: files.map(({ name }) => name), rows_per_file: rowsPerFile };
}
