/** Finds the built pages: beside the compiled code in the published package, under build/ in a checkout. */
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { failure } from "../core/errors.ts";

/** This file is src/report/page-template.ts in a checkout and dist/report/page-template.js in the package. */
const here = dirname(fileURLToPath(import.meta.url));

/** The path of the report's template, for the folder that this module runs from. */
export const templatePath = (moduleFolder?: string): string => pathOf("report-template.html", moduleFolder);

/** The path of the page on which people label answers. */
export const labelPagePath = (moduleFolder?: string): string => pathOf("label-page.html", moduleFolder);

function pathOf(page: string, moduleFolder: string = here): string {
  const home = dirname(moduleFolder);
  return basename(home) === "dist" ? join(home, page) : join(dirname(home), "build", page);
}

/** @throws FathomError (exit 1) when it has not been built */
export function readTemplate(path: string = templatePath()): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "an unreadable file";
    throw failure(path, "the built report template", code, "npm run setup");
  }
}
