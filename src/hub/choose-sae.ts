/**
 * Chooses the files of a repository that form one sparse autoencoder: the named weights file, or the only weights
 * file of the named folder, and the JSON files that describe it.
 */
import { posix } from "node:path";
import { badInput, type FathomError } from "../core/errors.ts";
import { type Chosen, prefixOf, several } from "./chosen.ts";
import { type HubReference, sayReference } from "./reference.ts";

const weightsForm = /\.(safetensors|npz|pt)$/;

/** SAELens stores how often each feature fires in this file beside the weights. */
const beside = "sparsity.safetensors";

/** Llama Scope stores its weights in this folder, inside the folder that describes them. */
const inner = "checkpoints";

/** Names of the files in which formats store what the tensors do not say. */
const descriptions = ["cfg.json", "config.json", "hyperparams.json"];

export function chooseSae(reference: HubReference, names: readonly string[]): Chosen | FathomError {
  const { path } = reference;
  const isFile = path !== null && names.includes(path);
  const prefix = prefixOf(reference);
  const weights = isFile ? [path] : weightsIn(names, prefix);
  const [one, second] = weights;
  if (one === undefined) {
    const elsewhere = names.filter((name) => name.startsWith(prefix) && weightsForm.test(name));
    return elsewhere.length > 0
      ? several(reference, "the folder of one sparse autoencoder", folders(elsewhere))
      : badInput(sayReference(reference), "a sparse autoencoder's file or folder", "none there");
  }
  if (second !== undefined) return several(reference, "one weights file", weights);
  const folder = posix.dirname(one);
  const home = posix.basename(folder) === inner ? posix.dirname(folder) : folder;
  const near = names.filter((name) => name.endsWith(".json") && [folder, home].includes(posix.dirname(name)));
  const self = names.filter((name) => name === posix.join(folder, beside));
  return {
    path: isFile ? one : home === "." ? "" : home,
    required: [...new Set([one, ...near, ...self])],
    // An .npz needs no description. For any other weights file without a JSON beside it, the description may have
    // been missed.
    optional:
      near.length > 0 || one.endsWith(".npz") ? [] : descriptions.map((name) => posix.join(home, name)),
    only: !isFile,
    index: null,
  };
}

function weightsIn(names: readonly string[], prefix: string): string[] {
  const candidates = names.filter(
    (name) => name.startsWith(prefix) && weightsForm.test(name) && posix.basename(name) !== beside,
  );
  const here = candidates.filter((name) => !name.slice(prefix.length).includes("/"));
  return here.length > 0 ? here : candidates.filter((name) => posix.dirname(name) === prefix + inner);
}

function folders(files: readonly string[]): string[] {
  return [...new Set(files.map((file) => posix.dirname(file)))];
}
