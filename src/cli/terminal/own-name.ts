/** The command that runs this program here. A hint is only useful if the command that it names can be typed. */
import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { quoted } from "./quoted.ts";

/**
 * `fathom` if the shell finds it; `npx fathom` in or below a folder that has it installed; otherwise the launcher's path (after
 * `node` on Windows).
 * @param env environment of the process. npx and npm scripts add folders to PATH that the person's shell does not have: skipped
 */
export function ownName(env: NodeJS.ProcessEnv = process.env, cwd = process.cwd()): string {
  const folders = (env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => !/node_modules[/\\]\.bin$/.test(folder));
  if (folders.some((folder) => folder !== "" && existsSync(join(folder, "fathom")))) return "fathom";
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules/.bin/fathom"))) return "npx fathom";
    if (dirname(folder) === folder) break;
  }
  const launcher = quoted(fileURLToPath(new URL("../../../bin/fathom.js", import.meta.url)));
  // Windows would open the file with the program that is set for .js.
  return process.platform === "win32" ? `node ${launcher}` : launcher;
}

/** Replaces `fathom` in the hint of a message by the command that works here. */
export function withOwnName(message: string): string {
  return message.replace(
    /\b((?:Try|To go on): )fathom (?=[a-z-])/g,
    (_, before: string) => `${before}${ownName()} `,
  );
}
