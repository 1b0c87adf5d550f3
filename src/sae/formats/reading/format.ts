/** What a format of SAE files is to Fathom. One file a format, one line in `index.ts`. */
import { join } from "node:path";
import type { Sae } from "../../code/sae.ts";
import { type Fields, folderOf, hasAll, readFields } from "./fields.ts";

/** What was said on the way here of a file that may not say it itself. */
export interface Given {
  /** Features that are active on a token; null where nobody said. */
  k: number | null;
}

export interface SaeFormat {
  /** As `--format` spells it. */
  name: string;
  /** What a file of this format looks like, for messages. */
  looks: string;
  /** Whether the path holds this format, judged by the names of files alone. */
  recognizes(path: string): boolean;
  /** Whether it may be this format where no format recognizes it, as a file that nothing lies beside. */
  mayBe?(path: string): boolean;
  /** @throws FathomError for everything that is missing, broken or unsupported, by name */
  open(path: string, given: Given): Sae;
}

/** Where a folder's configuration and weights were found. */
export interface Found {
  folder: string;
  /** The configuration, for messages. */
  where: string;
  config: Fields;
  /** The weights file. */
  weights: string;
  given: Given;
}

/** A format that is a folder with a configuration and a weights file; either the folder or the latter is named. */
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
