/** The version in package.json, three folders up from here both in a checkout (src/jobs/job) and in the package (dist/jobs/job). */
import { readFileSync } from "node:fs";

export function fathomVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
