/**
 * What a folder's tokenizer files say together, as Transformers 5 reads them: which tokens are added and which have a role is told
 * by several (tokenizer-roles.ts). How text is split and what goes around it (a BOS) is tokenizer.json's word alone.
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
  /** For messages. */
  where: string;
  /** tokenizer.json with the configuration's additions. */
  tokenizer: JsonObject;
  config: JsonObject;
  added: readonly AddedToken[];
  /** By role, e.g. bos_token. */
  specialTokens: Readonly<Record<string, string>>;
  /** Undo spaces before punctuation when decoding. Transformers 5: only where asked for, and never for BPE. */
  cleanUp: boolean;
}

/**
 * @param base the model's folder: its config.json counts, and its tokenizer.json where the folder, an adapter's, has none
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

/** What ids and texts depend on. */
export function tokenizerIdentity({ tokenizer, specialTokens, cleanUp }: TokenizerFiles): Json {
  return { tokenizer: tokenizer as Json, specialTokens, cleanUp };
}

/** The files beside tokenizer.json, each left out where there is none. */
interface FilesBeside {
  /** tokenizer_config.json */
  config?: JsonObject;
  /** special_tokens_map.json */
  map?: JsonObject;
  /** added_tokens.json */
  added?: JsonObject;
  /** config.json, which decides what class reads the tokenizer: none where no class does, as with a GGUF file. */
  model?: JsonObject;
}

/** @throws FathomError */
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

/** Far above every vocabulary: tables are laid out by id, so that an id bounds memory and time. */
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

/** GPT-2's pattern, which ByteLevel carries. */
const words = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Digits and ByteLevel said as a pattern, from when @huggingface/tokenizers split the text and got them wrong. Splitting is in
 * pre-tokenizers.ts now, which takes either; this stays because a tokenizer's identity, which runs are resumed by, is of it.
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
