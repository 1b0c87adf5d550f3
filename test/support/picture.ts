/**
 * Takes the picture of a report for the README:
 * `node test/support/picture.ts runs/demo/report.html docs/images/report.png [width] [light|dark]`
 */
import { pathToFileURL } from "node:url";
import { failure } from "../../src/core/errors.ts";
import { findBrowser, launch } from "./browser.ts";

const [report, picture, width = "1280", scheme = "light"] = process.argv.slice(2);
if (report === undefined || picture === undefined)
  throw failure("picture", "REPORT.html PICTURE.png", process.argv.slice(2).join(" ") || "nothing");
const executable = findBrowser();
if (executable === null) throw failure("picture", "a Chromium on PATH", "none", "set CHROME_PATH");

const browser = await launch(executable);
const page = await browser.newPage({
  viewport: { width: Number(width), height: Math.round(Number(width) * 0.95) },
  colorScheme: scheme === "dark" ? "dark" : "light",
});
await page.goto(pathToFileURL(report).href);
await page.locator(".plot svg").first().waitFor();
await page.screenshot({ path: picture });
await browser.close();
