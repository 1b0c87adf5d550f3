/** The prompt sets that come with the package, and how a set that the user names is found. */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { badInput } from "../core/errors.ts";

/**
 * biology and requests: for real models (prompts/README.md). fiction and fiction-requests: the invented world of the bundled
 * checkpoint.
 */
export const bundledSets = ["biology", "fiction", "requests", "fiction-requests"] as const;

/** Whether this names a bundled set. */
export const isBundled = (pathOrName: string): boolean =>
  (bundledSets as readonly string[]).includes(pathOrName);

export interface PromptFile {
  /** The name in errors and reports: that of a bundled set, or the path as the user wrote it. */
  name: string;
  path: string;
}

/**
 * Finds a prompt file. A bundled name comes before a file of the same name; `./biology` means the file.
 * @throws FathomError (exit 2) if it is neither
 */
export function findPromptFile(pathOrName: string): PromptFile {
  if (isBundled(pathOrName)) {
    // This file is in src/prompts/ in a checkout and in dist/prompts/ in the package. The root is two folders up in both.
    return {
      name: pathOrName,
      path: fileURLToPath(new URL(`../../prompts/${pathOrName}.jsonl`, import.meta.url)),
    };
  }
  if (!existsSync(pathOrName)) {
    throw badInput(
      pathOrName === "" ? "--prompts" : pathOrName,
      `a file of prompts or one of the bundled sets ${bundledSets.join(", ")}`,
      pathOrName === "" ? "an empty name" : "no such file",
      "check the path, which is taken from the current folder",
    );
  }
  return { name: pathOrName, path: pathOrName };
}
