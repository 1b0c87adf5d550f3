/**
 * Chooses the files of a repository that form a checkpoint: from a Hugging Face folder only the files that
 * `src/model` reads, or one GGUF file with its parts. Never chooses pickles.
 */
import { badInput, type FathomError } from "../core/errors.ts";
import { isGgufName } from "../files/disk/gguf-name.ts";
import { besideTokenizer, type Chosen, pickle, pickled, prefixOf, several } from "./chosen.ts";
import { type HubReference, sayReference } from "./reference.ts";

const required = ["config.json", "tokenizer.json"];
const optional = ["generation_config.json", "chat_template.jinja", ...besideTokenizer];
const [index, single] = ["model.safetensors.index.json", "model.safetensors"];

export function chooseCheckpoint(reference: HubReference, names: readonly string[]): Chosen | FathomError {
  const { path } = reference;
  if (path !== null && isGgufName(path)) return ggufFile(reference, names, path, false);
  if (path !== null && pickle.test(path)) return pickled(reference, path);
  const prefix = prefixOf(reference);
  const inside = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const has = (name: string) => inside.includes(name);
  if (has("config.json") && (has(index) || has(single))) {
    // If a repository has both, Transformers reads the single file. The index is fetched too, so that a note can
    // mention it.
    const sharded = !has(single);
    return {
      path: prefix.slice(0, -1),
      required: [...required, sharded ? index : single].map((name) => prefix + name),
      optional: [...optional, ...(!sharded && has(index) ? [index] : [])].map((name) => prefix + name),
      only: false,
      index: sharded ? prefix + index : null,
    };
  }
  const ggufs = inside.filter((name) => isGgufName(name) && partsOf(name)[0] === name);
  if (ggufs.length > 1)
    return several(
      reference,
      "one GGUF file",
      ggufs.map((name) => prefix + name),
    );
  if (ggufs.length === 1) return ggufFile(reference, names, prefix + ggufs[0]!, true);
  const bad = inside.find((name) => pickle.test(name));
  if (bad !== undefined) return pickled(reference, bad);
  return badInput(
    sayReference(reference),
    "config.json with safetensors weights, or a .gguf file",
    inside.length === 0 ? "no files" : "neither",
  );
}

function ggufFile(
  reference: HubReference,
  names: readonly string[],
  path: string,
  only: boolean,
): Chosen | FathomError {
  const parts = partsOf(path);
  const missing = parts.find((part) => !names.includes(part));
  if (missing === undefined) return { path: parts[0]!, required: parts, optional: [], only, index: null };
  const there = names.filter((name) => isGgufName(name)).map((name) => `${reference.repo}:${name}`);
  const advice = there.length === 0 ? "a repository that holds GGUF files" : `one of ${there.join(", ")}`;
  return badInput(sayReference(reference), `the file ${missing}`, "none of this name", advice);
}

/** More parts than any model has. Without this limit a file name could ask for 99,999 parts. */
const mostParts = 1000;

/** Names of the parts of a split file, as llama.cpp names them; a file that is not split is its only part. */
function partsOf(path: string): string[] {
  const split = /^(.*-)\d{5}(-of-(\d{5})\.gguf)$/i.exec(path);
  if (split === null) return [path];
  const [, stem, rest, count] = split;
  return Array.from(
    { length: Math.min(Number(count), mostParts) },
    (_, i) => `${stem}${String(i + 1).padStart(5, "0")}${rest}`,
  );
}
