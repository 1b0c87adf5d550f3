/** Opens a page in a browser as a reader would, and collects its problems. */
import { readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { detailFolder } from "../../src/report/detail-files.ts";

export interface Opened {
  page: Page;
  /** Console errors and warnings, uncaught exceptions, and requests for anything other than the page itself and its detail files. */
  troubles: string[];
}

export interface View {
  width?: number;
  scheme?: "light" | "dark";
  /** The page has no chart. */
  empty?: boolean;
  /** The whole rows are in files beside the page, as those of many answers are. */
  beside?: boolean;
}

/** @param folder the folder to write the page to, where its detail files may lie @param html the whole document */
export async function openPage(
  browser: Browser,
  folder: string,
  html: string,
  { width = 1280, scheme = "light", empty = false, beside = false }: View = {},
): Promise<Opened> {
  const file = join(folder, "report.html");
  writeFileSync(file, html);
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme });
  const troubles: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) troubles.push(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => troubles.push(`exception: ${error.message}`));
  const url = pathToFileURL(file).href;
  page.on("request", (request) => {
    const isDetail = beside && request.url().startsWith(new URL(`${detailFolder}/`, url).href);
    if (request.url() !== url && !isDetail && !/^(data|blob):/.test(request.url()))
      troubles.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  await page
    .locator(empty ? "main" : ".plot svg")
    .first()
    .waitFor();
  return { page, troubles };
}

const checks = stripTypeScriptTypes(
  readFileSync(new URL("../../web/test/page-checks.ts", import.meta.url), "utf8"),
);

/** Accessibility problems of a page, one sentence each. */
export async function problemsOf(page: Page): Promise<string[]> {
  return await page.evaluate<string[]>(`${checks}; pageProblems()`);
}

/** By how many CSS pixels a page is wider than its window. */
export async function overflowOf(page: Page): Promise<number> {
  return await page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
}

/** The text beside a table's filters: how many of its rows are left. */
export async function statusOf(page: Page): Promise<string | null> {
  return await page.getByRole("status").textContent();
}

/** Clicks the first button of this name, inside `part` of the page, and returns the CSV file that it gives, line by line. */
export async function downloadOf(
  page: Page,
  button: string,
  part = "body",
): Promise<{ name: string; lines: string[] }> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.locator(part).getByRole("button", { name: button }).first().click(),
  ]);
  const text = readFileSync(await download.path(), "utf8");
  return { name: download.suggestedFilename(), lines: text.trim().split("\r\n") };
}

/** The selectors of a page's findings, contents and controls that are visible. */
export async function partsSeen(page: Page): Promise<string[]> {
  const seen: string[] = [];
  for (const part of [".sounding", ".contents", ".filters", ".pager", ".quiet"])
    if (await page.locator(part).first().isVisible()) seen.push(part);
  return seen;
}
