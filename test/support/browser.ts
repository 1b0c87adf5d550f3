/** Finds the browser in which the page is tested. playwright-core does not contain one. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { badInput } from "../../src/core/errors.ts";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * @returns CHROME_PATH, else the first known browser on PATH, else null
 * @throws FathomError if CHROME_PATH cannot be run: an explicit path that does not work must not lead to a skipped test
 */
export function findBrowser(environment: NodeJS.ProcessEnv = process.env): string | null {
  const { CHROME_PATH, PATH = "" } = environment;
  if (CHROME_PATH !== undefined && CHROME_PATH !== "") {
    if (runs(CHROME_PATH)) return CHROME_PATH;
    throw badInput("CHROME_PATH", "the path of a Chromium", CHROME_PATH, "unset it to search PATH");
  }
  const folders = PATH.split(delimiter).filter(Boolean);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(runs) ?? null;
}

export async function launch(path: string): Promise<Browser> {
  // Chromium's sandbox refuses to start as root, and in most containers tests run as root.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  return chromium.launch({ executablePath: path, args });
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
