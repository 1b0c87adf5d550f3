/** Opens an SAE of any known format. */
import { existsSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import type { Sae } from "../code/sae.ts";
import { saeFormats } from "./formats.ts";
import type { SaeFormat } from "./reading/format.ts";

/**
 * @param path a folder, or the weights file inside it
 * @param format name of a format; if not given, it is recognized from the names of the files
 * @param k how many features are active per token, for a TopK file that does not state it
 * @throws FathomError in one line for an unknown path or format, for every broken or unsupported file, and for a k that
 *   contradicts the file or that the SAE's kind does not use
 */
export function openSae(path: string, format?: string, k?: number): Sae {
  const sae = openToTrainOn(path, format, k);
  if (k === undefined || sae.k === k) return sae;
  if (sae.k === null)
    throw badInput("--k", `none: ${path} is of kind ${sae.kind}, which has no k`, String(k));
  throw badInput("--k", `${sae.k}, as ${path} has it`, String(k), "leave --k out");
}

/**
 * Like `openSae`, but a k that differs from the file's is no error: a training may have a k of its own. The file's k
 * comes first.
 */
export function openToTrainOn(path: string, format?: string, k?: number): Sae {
  return formatOf(path, format).open(path, { k: k ?? null });
}

function formatOf(path: string, format: string | undefined): SaeFormat {
  if (format !== undefined) {
    const named = saeFormats.find(({ name }) => name === format);
    if (named === undefined)
      throw badInput("SAE format", `one of ${saeFormats.map(({ name }) => name).join(", ")}`, `"${format}"`);
    return named;
  }
  const certain = saeFormats.filter((known) => known.recognizes(path));
  const [found, ...others] =
    certain.length > 0 ? certain : saeFormats.filter((known) => known.mayBe?.(path) === true);
  if (found !== undefined && others.length === 0) return found;
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
