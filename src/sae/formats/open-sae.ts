/** Opens an SAE of any known format. */
import { existsSync } from "node:fs";
import { badInput } from "../../core/errors.ts";
import type { Sae } from "../code/sae.ts";
import { saeFormats } from "./formats.ts";
import type { SaeFormat } from "./reading/format.ts";

/**
 * @param path a folder, or the weights file inside it
 * @param format name of a format; recognized from the files' names when not given
 * @param k how many features are active on a token, of a TopK file that does not say it
 * @throws FathomError in one line for a path or format that is not known, for every broken or unsupported file, and for a k that
 *   the file says otherwise or has no use for
 */
export function openSae(path: string, format?: string, k?: number): Sae {
  const sae = openToTrainOn(path, format, k);
  if (k === undefined || sae.k === k) return sae;
  if (sae.k === null)
    throw badInput("--k", `none: ${path} is of kind ${sae.kind}, which keeps no k largest`, String(k));
  throw badInput("--k", `${sae.k}, as ${path} has it`, String(k), "leave --k out");
}

/** As `openSae`, for a training whose own k may be what was given: it is taken where the file needs one and says none. */
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
