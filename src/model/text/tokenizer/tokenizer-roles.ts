/**
 * Finds the added tokens and the tokens with a role (bos_token, …). Up to four files and the defaults of a class give
 * them. They are combined in Transformers' order (tokenization_utils_base.py, tokenization_utils_tokenizers.py of
 * 5.23):
 *
 * - The added tokens of tokenizer.json always count, with the ids of its vocabulary.
 * - tokenizer_config.json gives roles and lists more tokens. If it has an "added_tokens_decoder", the other two files
 *   do not count.
 * - If it has none, special_tokens_map.json overrides it, and added_tokens.json adds tokens.
 * - A role that no file gives comes from the class; null means that the role has no token.
 *
 * Every key that ends in "_token" is a role, not only the seven usual ones: a template may use image_token.
 */
import { badInput } from "../../../core/errors.ts";
import type { AddedToken } from "./added-tokens.ts";

type Json = Readonly<Record<string, unknown>>;
type Form = Omit<AddedToken, "id">;

export interface RoleSources {
  /** The file, for messages. */
  where: string;
  /** tokenizer.json */
  tokenizer: Json;
  /** tokenizer_config.json */
  config: Json;
  /** special_tokens_map.json */
  map: Json;
  /** added_tokens.json: token → id. */
  added: Json;
  /** The class's defaults: role → token, and whether all tokens with a role become plain special tokens. */
  defaults: { roles: Readonly<Record<string, string | null>>; plainRoles?: true } | null;
  /** The vocabulary of the model in tokenizer.json. */
  vocabulary: { size: number; idOf(token: string): number | undefined };
}

export interface Roles {
  added: AddedToken[];
  /** Role → token. */
  specialTokens: Record<string, string>;
  /** tokenizer_config.json, overridden by special_tokens_map.json. */
  config: Json;
}

const usual = ["bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token"];

/** @throws FathomError when a list is not a list of tokens, or when two files give one token different ids */
export function rolesOf(sources: RoleSources): Roles {
  const { where, tokenizer, defaults } = sources;
  const vocabulary = new AddedVocabulary(sources);
  const ofFile = list(tokenizer["added_tokens"]).map((raw) => parseToken(raw, where));
  for (const { id, form } of ofFile) vocabulary.add(form, id, where);
  const decoder = sources.config["added_tokens_decoder"];
  const map = isObject(decoder) ? {} : sources.map;
  const extra = extraTokens(sources.config, map, where);
  const named = namedTokens(sources, map, extra.named);
  const listed = isObject(decoder)
    ? Object.entries(decoder).map(([id, raw]) =>
        parseToken(raw, `${where} (added_tokens_decoder)`, Number(id)),
      )
    : [...fromAddedTokens(sources, map), ...ofFile];
  const contents = new Set([...named.values()].map(({ content }) => content));
  const byId = new Map(listed.map(({ id, form }) => [id, form]));
  for (const [id, form] of [...byId].sort(([a], [b]) => a - b))
    vocabulary.add({ ...form, special: form.special || contents.has(form.content) }, id, where);
  const isThere = new Set(vocabulary.tokens().map(({ content }) => content));
  const missing = [
    ...[...named.values()].map((form) => ({ ...form, special: true })),
    ...extra.unnamed,
  ].filter(({ content }) => !isThere.has(content));
  // If two differ only in their flags, the later one counts. A token that is there already is not added again.
  for (const form of new Map(missing.map((form) => [JSON.stringify(form), form])).values())
    vocabulary.add(form, null, where);
  if (defaults?.plainRoles === true)
    for (const { content } of [...named.values(), ...extra.unnamed])
      vocabulary.add(plain(content), null, where);
  const specialTokens = Object.fromEntries([...named].map(([role, { content }]) => [role, content]));
  return { added: vocabulary.tokens(), specialTokens, config: { ...sources.config, ...map } };
}

/**
 * The tokens with a role. For the usual roles, special_tokens_map.json comes first, then the configuration (null
 * included), then the class, then the padding of tokenizer.json. For other roles, the configuration comes first.
 */
function namedTokens(
  { where, tokenizer, config, defaults }: RoleSources,
  map: Json,
  extra: Json,
): Map<string, Form> {
  const padding = tokenizer["padding"];
  const isUsual = (role: string) => usual.includes(role);
  const others = (from: Json, kind: (value: unknown) => boolean) =>
    Object.fromEntries(
      Object.entries(from).filter(([key, value]) => key.endsWith("_token") && !isUsual(key) && kind(value)),
    );
  const pick = (from: Json) => Object.fromEntries(Object.entries(from).filter(([key]) => isUsual(key)));
  const said: Json = {
    ...(isObject(padding) ? { pad_token: padding["pad_token"] } : {}),
    ...defaults?.roles,
    ...pick(config),
    ...pick(map),
    ...others(config, isObject),
    ...others(map, () => true),
    ...others(config, (value) => typeof value === "string"),
    ...extra,
  };
  const named = new Map<string, Form>();
  for (const role of new Set([...usual, ...Object.keys(said)])) {
    const raw = said[role];
    if (typeof raw === "string" || (isObject(raw) && typeof raw["content"] === "string"))
      named.set(role, specialToken(raw, `${where} "${role}"`));
  }
  return named;
}

/**
 * Reads "extra_special_tokens", a list of tokens or an object from names to tokens. "additional_special_tokens" is its
 * older name, which counts when there is no list with the newer name.
 */
function extraTokens(config: Json, map: Json, where: string): { named: Json; unnamed: Form[] } {
  const place = `${where} (extra special tokens)`;
  const [own, isOlder] = ownExtra(config);
  const more = map["extra_special_tokens"];
  for (const value of [own, more])
    if (value !== undefined && value !== null && typeof value !== "object")
      throw badInput(place, "a list of tokens or an object of them", JSON.stringify(value));
  const ofMap = Array.isArray(more) ? [...list(own), ...list(more)] : own;
  const listed = (isObject(own) && !Array.isArray(more)) || isObject(more) ? undefined : ofMap;
  const older = map["additional_special_tokens"] ?? (isOlder ? [] : config["additional_special_tokens"]);
  return {
    named: { ...(isObject(own) ? own : {}), ...(isObject(more) ? more : {}) },
    unnamed: list(listed === undefined ? older : listed).map((raw) => specialToken(raw, place)),
  };
}

/**
 * The configuration's extra tokens, and whether they have the older name.
 * An empty value with the newer name does not count.
 */
function ownExtra(config: Json): [value: unknown, isOlder: boolean] {
  const own = config["extra_special_tokens"];
  const isEmpty = own === undefined || own === null || Object.keys(own).length === 0;
  const isOlder = isEmpty && Object.hasOwn(config, "additional_special_tokens");
  return [isOlder ? config["additional_special_tokens"] : own, isOlder];
}

/**
 * The tokens of added_tokens.json.
 * Those with a usual role or in a list of the two other files are special; the class does not count.
 */
function fromAddedTokens({ where, config, added }: RoleSources, map: Json): Listed[] {
  const said = { ...config, ...map };
  const values = [
    ...usual.map((role) => said[role]),
    ...list(ownExtra(config)[0]),
    ...list(map["extra_special_tokens"]),
  ];
  const special = new Set(
    values.map((raw) => (isObject(raw) && raw["__type"] === undefined ? raw["content"] : raw)),
  );
  return Object.entries(added).map(([content, id]) => {
    const isSpecial = special.has(content);
    return parseToken(
      { content, id, special: isSpecial, normalized: !isSpecial },
      `${where} (added_tokens.json)`,
    );
  });
}

interface Listed {
  id: number;
  form: Form;
}

function parseToken(raw: unknown, where: string, knownId?: number): Listed {
  const token = isObject(raw) ? raw : {};
  const id = knownId ?? token["id"];
  const { content } = token;
  if (typeof id !== "number" || !Number.isSafeInteger(id) || id < 0 || typeof content !== "string")
    throw badInput(where, "added tokens with an id and a content", JSON.stringify(raw));
  const special = token["special"] === true;
  return { id, form: formOf(token, content, special) };
}

function specialToken(raw: unknown, where: string): Form {
  const content = isObject(raw) ? raw["content"] : raw;
  if (typeof content !== "string") throw badInput(where, "a token", JSON.stringify(raw));
  if (!isObject(raw)) return plain(content);
  // If Transformers saved the token with a type, its own "special" counts.
  return formOf(raw, content, raw["__type"] !== "AddedToken" || raw["special"] === true);
}

function formOf(token: Json, content: string, special: boolean): Form {
  return {
    content,
    special,
    lstrip: token["lstrip"] === true,
    rstrip: token["rstrip"] === true,
    singleWord: token["single_word"] === true,
    normalized: token["normalized"] === undefined ? !special : token["normalized"] === true,
  };
}

function plain(content: string): Form {
  return { content, special: true, lstrip: false, rstrip: false, singleWord: false, normalized: false };
}

/**
 * Rust's vocabulary of added tokens: a token of the model's vocabulary keeps its id, and a new token gets the next id.
 */
class AddedVocabulary {
  readonly #model: RoleSources["vocabulary"];
  readonly #added = new Map<string, AddedToken>();
  #largest = -1;

  constructor({ vocabulary }: RoleSources) {
    this.#model = vocabulary;
  }

  tokens(): AddedToken[] {
    return [...this.#added.values()];
  }

  /** @param said the id that a file gives; null when no file gives one */
  add(form: Form, said: number | null, where: string): void {
    if (form.content === "") return;
    const next = Math.max(this.#largest + 1, this.#model.size);
    const id = this.#added.get(form.content)?.id ?? this.#model.idOf(form.content) ?? next;
    if (said !== null && said !== id)
      throw badInput(where, `the id ${id} for "${form.content}"`, `${said} in a list of added tokens`);
    this.#added.set(form.content, { ...form, id });
    this.#largest = Math.max(this.#largest, id);
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function isObject(value: unknown): value is Json {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
