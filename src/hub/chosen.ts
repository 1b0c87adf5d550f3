/** The files that are fetched from a repository, chosen from their names only. */
import { badInput, type FathomError } from "../core/errors.ts";
import { type HubReference, sayReference } from "./reference.ts";

export interface Chosen {
  /** What to open inside the snapshot: a file, or a folder ("" is the snapshot itself). */
  path: string;
  /** Files without which the choice is incomplete. */
  required: string[];
  /** Files that are read if the repository has them. */
  optional: string[];
  /** True if the user did not name it: it was chosen because it is the only one of its kind. */
  only: boolean;
  /** A safetensors index, whose shards are required, too; null if there is none. */
  index: string | null;
}

/**
 * Chooses among names, or returns the error that says why it cannot. The names are those that the hub lists, or those
 * in a snapshot of the cache.
 * @param names paths with / between their parts
 */
export type Choose = (reference: HubReference, names: readonly string[]) => Chosen | FathomError;

/** Files beside a tokenizer.json that say which tokens are added and which have a role. */
export const besideTokenizer = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

/** Endings of files that Python opens by running the code in them. */
export const pickle = /\.(bin|pt|pth|ckpt|pkl|h5|msgpack)$/;

/** "" for the whole repository, else the named folder with a slash at its end. */
export function prefixOf({ path }: HubReference): string {
  return path === null ? "" : `${path}/`;
}

/** The error for several candidates where one was meant. */
export function several(reference: HubReference, expected: string, paths: readonly string[]): FathomError {
  const shown = paths.slice(0, 5).map((path) => `${reference.repo}:${path}`);
  const more = paths.length > shown.length ? ` and ${paths.length - shown.length} more` : "";
  return badInput(sayReference(reference), expected, `${paths.length}`, `one of ${shown.join(", ")}${more}`);
}

/** The error for weights that are pickles, which are never fetched. */
export function pickled(reference: HubReference, found: string): FathomError {
  return badInput(
    sayReference(reference),
    "weights as safetensors or GGUF",
    `pickles (${found}), which can run code when they are opened`,
    `a revision with safetensors (often a pull request of the repository: ${reference.repo}@refs/pr/1), or Transformers' save_pretrained`,
  );
}
