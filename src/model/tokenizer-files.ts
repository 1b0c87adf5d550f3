/**
 * What the two tokenizer files say together, as Transformers 5 reads them: the configuration may add tokens and name
 * their roles. How text is split and what goes around it (a BOS) is tokenizer.json's word alone.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { badInput } from "../core/errors.ts";
import { readJson, readPythonJson } from "../files/io.ts";
import type { AddedToken } from "./added-tokens.ts";

type JsonObject = Record<string, unknown>;

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

const roles = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/** @throws FathomError when the folder has no tokenizer.json or it is not one */
export function readTokenizerFiles(folder: string): TokenizerFiles {
  const where = join(folder, "tokenizer.json");
  if (!existsSync(where))
    throw badInput(
      folder,
      "a tokenizer.json",
      existsSync(join(folder, "tokenizer.model")) ? "only tokenizer.model" : "none",
      "save the tokenizer with Transformers' save_pretrained",
    );
  const configPath = join(folder, "tokenizer_config.json");
  return combineTokenizerFiles(
    where,
    readJson(where),
    existsSync(configPath) ? readPythonJson(configPath) : {},
  );
}

/** @throws FathomError */
export function combineTokenizerFiles(
  where: string,
  tokenizerJson: unknown,
  configJson: unknown,
): TokenizerFiles {
  if (!isObject(tokenizerJson) || !isObject(tokenizerJson["model"]))
    throw badInput(where, 'a tokenizer.json with a "model"', "something else");
  if (!isObject(configJson))
    throw badInput(`${where} (tokenizer_config.json)`, "a JSON object", typeof configJson);
  const specialTokens = readRoles(configJson);
  const vocabulary = vocabularyOf(where, tokenizerJson["model"]);
  const added = readAdded(where, tokenizerJson, configJson);
  for (const content of Object.values(specialTokens)) {
    const known = added.get(content);
    const id = known?.id ?? vocabulary(content);
    // A role whose token the vocabulary lacks cannot be written by any model of it (padding is often such).
    if (id !== undefined) added.set(content, known ?? newToken(id, content));
  }
  const tokenizer: JsonObject = {
    normalizer: null,
    decoder: null,
    post_processor: null,
    ...tokenizerJson,
    pre_tokenizer: spelledOut(tokenizerJson["pre_tokenizer"] ?? null),
    added_tokens: [...added.values()].map(({ singleWord, ...token }) => ({
      ...token,
      single_word: singleWord,
    })),
  };
  return {
    where,
    tokenizer,
    config: configJson,
    added: [...added.values()],
    specialTokens,
    cleanUp: configJson["clean_up_tokenization_spaces"] === true && tokenizerJson["model"]["type"] !== "BPE",
  };
}

function readRoles(config: JsonObject): Record<string, string> {
  const named: Record<string, string> = {};
  for (const role of roles) {
    const raw = config[role];
    const content = isObject(raw) ? raw["content"] : raw;
    if (typeof content === "string") named[role] = content;
  }
  return named;
}

/** Far above every vocabulary: tables are laid out by id, so that an id bounds memory and time. */
const mostTokens = 2 ** 24;

function vocabularyOf(where: string, model: JsonObject): (content: string) => number | undefined {
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
    return (content) => ids.get(content);
  }
  return (content) =>
    isObject(vocab) && Object.hasOwn(vocab, content) ? (vocab[content] as number) : undefined;
}

/** tokenizer.json's added tokens, then those of the configuration, which may say otherwise about the same token. */
function readAdded(where: string, tokenizer: JsonObject, config: JsonObject): Map<string, AddedToken> {
  const added = new Map<string, AddedToken>();
  const listed = tokenizer["added_tokens"];
  for (const raw of Array.isArray(listed) ? listed : []) {
    const token = parseToken(raw, undefined, where);
    added.set(token.content, token);
  }
  const decoder = config["added_tokens_decoder"];
  for (const [id, raw] of isObject(decoder) ? Object.entries(decoder) : []) {
    const token = parseToken(raw, Number(id), `${where} (added_tokens_decoder)`);
    const known = added.get(token.content);
    if (known !== undefined && known.id !== token.id)
      throw badInput(
        where,
        `the id ${known.id} for "${token.content}"`,
        `${token.id} in added_tokens_decoder`,
      );
    added.set(token.content, token);
  }
  return added;
}

function parseToken(raw: unknown, knownId: number | undefined, where: string): AddedToken {
  const token = isObject(raw) ? raw : {};
  const id = knownId ?? token["id"];
  const { content } = token;
  if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0 || typeof content !== "string")
    throw badInput(where, "added tokens with an id and a content", JSON.stringify(raw));
  const special = token["special"] === true;
  return {
    id,
    content,
    special,
    lstrip: token["lstrip"] === true,
    rstrip: token["rstrip"] === true,
    singleWord: token["single_word"] === true,
    normalized: token["normalized"] === undefined ? !special : token["normalized"] === true,
  };
}

function newToken(id: number, content: string): AddedToken {
  return { id, content, special: true, lstrip: false, rstrip: false, singleWord: false, normalized: false };
}

function isObject(value: unknown): value is JsonObject {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** GPT-2's pattern, which ByteLevel carries. */
const words = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/**
 * Two pre-tokenizers of @huggingface/tokenizers 0.2.0 split otherwise than Rust's: its Digits are 0 to 9 where Rust's
 * are all of Unicode's numbers, and its ByteLevel takes JavaScript's white space (U+FEFF, not U+0085). The same split
 * said as a pattern is right in both.
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
