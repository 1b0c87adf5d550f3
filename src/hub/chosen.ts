/** What is taken of a repository: the files that something is made of, chosen from names alone. */
import { badInput, type FathomError } from "../core/errors.ts";
import { type HubReference, sayReference } from "./reference.ts";

export interface Chosen {
  /** What to open inside the snapshot: a file, or a folder ("" is the snapshot itself). */
  path: string;
  /** Without these it is not whole. */
  required: string[];
  /** Read where the repository has them. */
  optional: string[];
  /** Nobody named it: it was taken because there is no other of its kind among the names. */
  only: boolean;
  /** A safetensors index: the shards that it names are required too; null where there is none. */
  index: string | null;
}

/**
 * A choice among names, or why there is none. The names are all that the hub lists, or what a snapshot of the cache holds.
 * @param names with / between their parts
 */
export type Choose = (reference: HubReference, names: readonly string[]) => Chosen | FathomError;

/** What says beside a tokenizer.json which tokens are added and which have a role. */
export const besideTokenizer = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];

/** Endings of files that Python opens by running what is in them. */
export const pickle = /\.(bin|pt|pth|ckpt|pkl|h5|msgpack)$/;

/** "" for the whole repository, else the folder that is named, with a slash at its end. */
export function prefixOf({ path }: HubReference): string {
  return path === null ? "" : `${path}/`;
}

/** Several things where one was meant. */
export function several(reference: HubReference, expected: string, paths: readonly string[]): FathomError {
  const shown = paths.slice(0, 5).map((path) => `${reference.repo}:${path}`);
  const more = paths.length > shown.length ? ` and ${paths.length - shown.length} more` : "";
  return badInput(sayReference(reference), expected, `${paths.length}`, `one of ${shown.join(", ")}${more}`);
}

/** Weights of a kind that is never fetched. */
export function pickled(reference: HubReference, found: string): FathomError {
  return badInput(
    sayReference(reference),
    "weights as safetensors or GGUF",
    `pickles (${found}), which can run code when they are opened`,
    `a revision with safetensors (often a pull request of the repository: ${reference.repo}@refs/pr/1), or Transformers' save_pretrained`,
  );
}
