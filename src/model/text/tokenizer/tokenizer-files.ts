/**
 * Combines a folder's tokenizer files as Transformers 5 does. Several files say which tokens are added and which have a
 * role (tokenizer-roles.ts). Only tokenizer.json says how text is split and which tokens go around it (a BOS).
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../../../core/errors.ts";
import type { Json } from "../../../core/hash.ts";
import { readJson, readPythonJson } from "../../../files/disk/io.ts";
import type { AddedToken } from "./added-tokens.ts";
import { tokenizerClassOf } from "./tokenizer-classes.ts";
import { isObject, rolesOf } from "./tokenizer-roles.ts";

type JsonObject = Readonly<Record<string, unknown>>;

export interface TokenizerFiles {
  /** The file, for messages. */
  where: string;
  /** tokenizer.json with the additions of the other files. */
  tokenizer: JsonObject;
  config: JsonObject;
  added: readonly AddedToken[];
  /** Role, e.g. bos_token → token. */
  specialTokens: Readonly<Record<string, string>>;
  /**
   * Whether decoding removes spaces before punctuation.
   * Transformers 5 does so only when a file asks for it, never for BPE.
   */
  cleanUp: boolean;
}

/**
 * @param base the model's folder, when `folder` is an adapter's. Its config.json is used, and its tokenizer.json if
 *   `folder` has none.
 * @throws FathomError when there is no tokenizer.json or it is not one
 */
export function readTokenizerFiles(folder: string, base: string = folder): TokenizerFiles {
  const where = [folder, base].map((from) => join(from, "tokenizer.json")).find((path) => existsSync(path));
  if (where === undefined)
    throw badInput(
      folder,
      "a tokenizer.json",
      existsSync(join(folder, "tokenizer.model")) ? "only tokenizer.model" : "none",
      "save the tokenizer with Transformers' save_pretrained",
    );
  const beside = (key: keyof FilesBeside, name: string, from = folder): FilesBeside => {
    const path = join(from, name);
    if (!existsSync(path)) return {};
    const json = readPythonJson(path);
    if (!isObject(json)) throw badInput(path, "a JSON object", Array.isArray(json) ? "a list" : typeof json);
    return { [key]: json };
  };
  return combineTokenizerFiles(where, readJson(where), {
    ...beside("config", "tokenizer_config.json"),
    ...beside("map", "special_tokens_map.json"),
    ...beside("added", "added_tokens.json"),
    ...beside("model", "config.json", base),
  });
}

/** Everything that ids and texts depend on. */
export function tokenizerIdentity({ tokenizer, specialTokens, cleanUp }: TokenizerFiles): Json {
  return { tokenizer: tokenizer as Json, specialTokens, cleanUp };
}

/** The files beside tokenizer.json. A missing file is left out. */
interface FilesBeside {
  /** tokenizer_config.json */
  config?: JsonObject;
  /** special_tokens_map.json */
  map?: JsonObject;
  /** added_tokens.json */
  added?: JsonObject;
  /**
   * config.json, which determines the class that reads the tokenizer. Left out when no class does, as for a GGUF file.
   */
  model?: JsonObject;
}

/** @throws FathomError when tokenizer.json has no model, or a file contradicts it or has a setting that Fathom refuses */
export function combineTokenizerFiles(
  where: string,
  tokenizerJson: unknown,
  { config = {}, map = {}, added = {}, model }: FilesBeside,
): TokenizerFiles {
  if (!isObject(tokenizerJson) || !isObject(tokenizerJson["model"]))
    throw badInput(where, 'a tokenizer.json with a "model"', "something else");
  const vocabulary = vocabularyOf(where, tokenizerJson["model"]);
  const defaults = model === undefined ? null : tokenizerClassOf(tokenizerJson, config, model);
  const told = rolesOf({ where, tokenizer: tokenizerJson, config, map, added, defaults, vocabulary });
  if (told.config["split_special_tokens"] === true)
    throw badInput(
      `${where} (tokenizer_config.json) "split_special_tokens"`,
      "false",
      "true: marks in pieces",
    );
  const tokenizer: JsonObject = {
    normalizer: null,
    decoder: null,
    post_processor: null,
    ...tokenizerJson,
    pre_tokenizer: spelledOut(tokenizerJson["pre_tokenizer"] ?? null),
    added_tokens: told.added.map(({ singleWord, ...token }) => ({ ...token, single_word: singleWord })),
  };
  return {
    where,
    tokenizer,
    config: told.config,
    added: told.added,
    specialTokens: told.specialTokens,
    cleanUp: told.config["clean_up_tokenization_spaces"] === true && tokenizerJson["model"]["type"] !== "BPE",
  };
}

/** A limit far above every vocabulary. Tables are indexed by id, so the largest id determines memory and time. */
export const mostTokens = 2 ** 24;

function vocabularyOf(
  where: string,
  model: JsonObject,
): { size: number; idOf(token: string): number | undefined } {
  const { vocab } = model;
  if (isObject(vocab))
    for (const [token, id] of Object.entries(vocab))
      if (typeof id === "number" && id >= mostTokens)
        throw badInput(
          `${where}, vocabulary, ${JSON.stringify(token)}`,
          `an id below ${mostTokens}`,
          String(id),
        );
  if (Array.isArray(vocab)) {
    const ids = new Map(
      vocab.map((entry: unknown, id) => [Array.isArray(entry) ? (entry[0] as unknown) : entry, id]),
    );
    return { size: vocab.length, idOf: (token) => ids.get(token) };
  }
  return {
    size: isObject(vocab) ? Object.keys(vocab).length : 0,
    idOf: (token) => (isObject(vocab) && Object.hasOwn(vocab, token) ? (vocab[token] as number) : undefined),
  };
}

/** GPT-2's pattern, which ByteLevel has built in. */
const words = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Writes Digits and ByteLevel as a pattern. This dates from the time when @huggingface/tokenizers split the text and
 * got both wrong. Now pre-tokenizers.ts splits the text and accepts both forms. This function stays because a
 * tokenizer's identity depends on its result, and runs are resumed by that identity.
 */
function spelledOut(part: unknown): unknown {
  if (!isObject(part)) return part;
  const split = (regex: string) => ({
    type: "Split",
    pattern: { Regex: regex },
    behavior: "Isolated",
    invert: false,
  });
  if (part["type"] === "Sequence" && Array.isArray(part["pretokenizers"]))
    return { ...part, pretokenizers: part["pretokenizers"].map(spelledOut) };
  if (part["type"] === "Digits") return split(part["individual_digits"] === true ? "\\p{N}" : "\\p{N}+");
  if (part["type"] === "ByteLevel" && part["use_regex"] !== false && part["add_prefix_space"] !== true)
    return { type: "Sequence", pretokenizers: [split(words), { ...part, use_regex: false }] };
  return part;
}
