/** What a person types here to run this very program: a hint that names a command which is not there helps nobody. */
import { existsSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { quoted } from "./quoted.ts";

/**
 * `fathom` where the shell finds it, `npx fathom` in and below a folder that has it installed, else the launcher's path (behind `node` on Windows).
 * @param env of the process; npx and npm scripts put folders before PATH that the person's shell does not have
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
  // Windows would open the file with whatever is set for .js.
  return process.platform === "win32" ? `node ${launcher}` : launcher;
}

/** A message whose hint names the command as it is called in the documents, with the name that it has here. */
export function withOwnName(message: string): string {
  return message.replace(
    /\b((?:Try|To go on): )fathom (?=[a-z-])/g,
    (_, before: string) => `${before}${ownName()} `,
  );
}
