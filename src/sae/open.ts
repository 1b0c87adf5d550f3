/** Opens an SAE of any known format. */
import { existsSync } from "node:fs";
import { badInput } from "../core/errors.ts";
import { saeFormats } from "./formats/index.ts";
import type { Sae } from "./sae.ts";

/**
 * @param path a folder, or the weights file inside it
 * @param format name of a format; recognized from the files' names when not given
 * @throws FathomError in one line for a path or format that is not known, and for every broken or unsupported file
 */
export function openSae(path: string, format?: string): Sae {
  if (format !== undefined) {
    const named = saeFormats.find(({ name }) => name === format);
    if (named === undefined)
      throw badInput("SAE format", `one of ${saeFormats.map(({ name }) => name).join(", ")}`, `"${format}"`);
    return named.open(path);
  }
  const [found, ...others] = saeFormats.filter((known) => known.recognizes(path));
  if (found !== undefined && others.length === 0) return found.open(path);
  if (found !== undefined)
    throw badInput(
      path,
      "files of one format",
      `those of ${[found, ...others].map(({ name }) => name).join(" and ")}`,
      `--format ${found.name}`,
    );
  const known = saeFormats.map(({ name, looks }) => `${name} (${looks})`).join("; ");
  throw badInput(
    path,
    `a sparse autoencoder of a known format: ${known}`,
    existsSync(path) ? "files of another kind" : "nothing at this path",
  );
}
