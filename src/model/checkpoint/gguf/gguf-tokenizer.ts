/** Writes a GGUF file's vocabulary as the two files that Hugging Face's tokenizers read. */
import { badInput } from "../../../core/errors.ts";
import { Settings } from "../../architecture/settings/settings.ts";
import { combineTokenizerFiles, type TokenizerFiles } from "../../text/tokenizer/tokenizer-files.ts";
import { byteLevel } from "./byte-level.ts";
import type { GgufHeader, Metadata } from "./header.ts";
import { gemma4, sentencePiece } from "./sentencepiece.ts";
import type { TokenizerParts, Vocabulary } from "./vocabulary.ts";

/** llama.cpp's kinds of tokens that are found in a text before the text is split. */
const kinds = { control: 3, userDefined: 4 } as const;

const roles = { bos_token: "bos", eos_token: "eos", unk_token: "unknown", pad_token: "padding" } as const;

/** llama.cpp's name for the kind of vocabulary → how a text becomes tokens. */
const readers: Readonly<Record<string, (vocabulary: Vocabulary) => TokenizerParts>> = {
  gpt2: byteLevel,
  llama: sentencePiece,
  gemma4,
};

/** @throws FathomError naming the metadata key */
export function ggufTokenizerFiles({ path, metadata }: GgufHeader): TokenizerFiles {
  const model = metadata.get("tokenizer.ggml.model");
  if (model === undefined) throw badInput(path, "a tokenizer (tokenizer.ggml.model)", "none");
  if (typeof model !== "string" || !Object.hasOwn(readers, model))
    throw badInput(
      `${path} "tokenizer.ggml.model"`,
      Object.keys(readers).join(", "),
      JSON.stringify(model),
      "the Hugging Face directory of the same model",
    );
  refuseOthers(path, metadata);
  const vocabulary = readVocabulary(path, metadata);
  const { parts, tokens, addBos } = readers[model]!(vocabulary);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  if (ids.size !== tokens.length)
    throw badInput(`${path} "tokenizer.ggml.tokens"`, "every token once", "one twice");
  // A token that the reader spells differently (Gemma's runs of spaces)
  // is made by merges and is not found whole in a text.
  const added = vocabulary.tokens.flatMap((content, id) => {
    const kind = vocabulary.kinds[id];
    const special = kind === kinds.control;
    const whole = special || (kind === kinds.userDefined && tokens[id] === content);
    return whole ? [{ id, content, special, normalized: false }] : [];
  });
  const tokenizerJson = {
    ...parts,
    added_tokens: added,
    post_processor: around(path, metadata, tokens, addBos),
    model: { type: "BPE", vocab: Object.fromEntries(ids), ...parts.model },
  };
  const config = roleTokens(path, metadata, tokens);
  return combineTokenizerFiles(path, tokenizerJson, { config });
}

function readVocabulary(path: string, metadata: Metadata): Vocabulary {
  const tokens = texts(path, metadata, "tokenizer.ggml.tokens");
  const each = (key: string): number[] => {
    const list = metadata.get(key) ?? [];
    const fits = Array.isArray(list) && (list.length === 0 || list.length === tokens.length);
    if (!fits || !list.every((item) => typeof item === "number"))
      throw badInput(`${path} "${key}"`, `${tokens.length} numbers, one a token`, "something else");
    return list;
  };
  const unknown = tokenId(path, metadata, "unknown", tokens.length);
  return {
    path,
    architecture: metadata.get("general.architecture"),
    tokens,
    kinds: each("tokenizer.ggml.token_type"),
    scores: each("tokenizer.ggml.scores"),
    merges: metadata.has("tokenizer.ggml.merges")
      ? texts(path, metadata, "tokenizer.ggml.merges").map((merge) => splitMerge(path, merge))
      : null,
    splitter: metadata.get("tokenizer.ggml.pre"),
    unknown: unknown === null ? null : tokens[unknown]!,
    spacePrefix: metadata.get("tokenizer.ggml.add_space_prefix"),
  };
}

/** Refuses by name a key that no reader asks for, unless it only gives the id of a token. */
function refuseOthers(path: string, metadata: Metadata): void {
  const prefix = "tokenizer.ggml.";
  const own = [...metadata].filter(([key]) => key.startsWith(prefix) && !/_token_ids?$/.test(key));
  const settings = new Settings(Object.fromEntries(own), path);
  const read = ["model", "pre", "tokens", "token_type", "scores", "merges", "add_space_prefix"];
  settings.inert([...read, "add_bos_token", "add_eos_token", "token_type_count"].map((key) => prefix + key));
  settings.only(`${prefix}add_sep_token`, false);
  settings.only(`${prefix}remove_extra_whitespaces`, false);
  settings.finish();
}

/** The post-processor that adds tokens before and after a text. */
function around(
  path: string,
  metadata: Metadata,
  tokens: readonly string[],
  addBos: TokenizerParts["addBos"],
): object {
  const added = (key: string, role: string, usual: TokenizerParts["addBos"]) => {
    const wanted = usual === "never" ? false : (metadata.get(`tokenizer.ggml.add_${key}_token`) ?? usual);
    if (wanted !== true) return [];
    const id = tokenId(path, metadata, role, tokens.length);
    if (id === null) throw badInput(`${path} "tokenizer.ggml.${role}_token_id"`, "a token to add", "nothing");
    return [{ SpecialToken: { id: tokens[id], type_id: 0 } }];
  };
  const single = [
    ...added("bos", "bos", addBos),
    { Sequence: { id: "A", type_id: 0 } },
    ...added("eos", "eos", false),
  ];
  return { type: "TemplateProcessing", single, pair: single, special_tokens: {} };
}

function roleTokens(path: string, metadata: Metadata, tokens: readonly string[]): Record<string, string> {
  const named = Object.entries(roles).flatMap(([role, key]) => {
    const id = tokenId(path, metadata, key, tokens.length);
    return id === null ? [] : [[role, tokens[id]!]];
  });
  return Object.fromEntries(named) as Record<string, string>;
}

/**
 * The id of a role such as "eos", from its key; null when missing.
 * @throws FathomError for an id beyond the vocabulary
 */
export function tokenId(path: string, metadata: Metadata, role: string, vocabSize: number): number | null {
  const id = metadata.get(`tokenizer.ggml.${role}_token_id`) ?? null;
  if (id === null) return null;
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= vocabSize)
    throw badInput(
      `${path} "tokenizer.ggml.${role}_token_id"`,
      `an id below ${vocabSize}`,
      JSON.stringify(id),
    );
  return id;
}

function texts(path: string, metadata: Metadata, key: string): string[] {
  const list = metadata.get(key);
  if (!Array.isArray(list) || list.length === 0 || !list.every((item) => typeof item === "string"))
    throw badInput(`${path} "${key}"`, "a list of texts", list === undefined ? "nothing" : "something else");
  return list;
}

function splitMerge(path: string, merge: string): [string, string] {
  const [left, right, ...rest] = merge.split(" ");
  if (left === undefined || right === undefined || rest.length > 0)
    throw badInput(`${path} "tokenizer.ggml.merges"`, "two tokens and a space", JSON.stringify(merge));
  return [left, right];
}
