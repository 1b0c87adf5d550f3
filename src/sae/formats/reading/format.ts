/** The interface of a format of SAE files. Each format has one file, and one line in `formats.ts`. */
import { join } from "node:path";
import type { Sae } from "../../code/sae.ts";
import { type Fields, folderOf, hasAll, readFields } from "./fields.ts";

/** Values that the caller gives for a file that may not state them itself. */
export interface Given {
  /** Active features per token; null if the caller does not give it. */
  k: number | null;
}

export interface SaeFormat {
  /** The name that `--format` takes. */
  name: string;
  /** A short description of the files of this format, for messages. */
  looks: string;
  /** Whether the path holds this format. Decided by the names of files only. */
  recognizes(path: string): boolean;
  /** Whether the path may hold this format if no format recognizes it, for example a single file with nothing beside it. */
  mayBe?(path: string): boolean;
  /** @throws FathomError that names everything missing, broken or unsupported */
  open(path: string, given: Given): Sae;
}

/** The configuration and the weights file of a folder. */
export interface Found {
  folder: string;
  /** Path of the configuration, for messages. */
  where: string;
  config: Fields;
  /** The weights file. */
  weights: string;
  given: Given;
}

/** A format that is a folder with a configuration and a weights file. The user names the folder or the weights file. */
export function folderFormat(
  name: string,
  configName: string,
  weightsName: string,
  read: (found: Found) => Sae,
): SaeFormat {
  return {
    name,
    looks: `a folder with ${configName} and ${weightsName}`,
    recognizes: (path) => hasAll(folderOf(path, weightsName), configName, weightsName),
    open(path, given) {
      const folder = folderOf(path, weightsName);
      const where = join(folder, configName);
      return read({ folder, where, config: readFields(where), weights: join(folder, weightsName), given });
    },
  };
}
