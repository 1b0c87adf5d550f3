/**
 * The decoders of a tokenizer.json as Rust's tokenizers compute them. @huggingface/tokenizers 0.2.0 differs: it loses
 * characters that are not in the alphabet of bytes, removes one metaspace from the first token where Rust removes all or
 * none, never writes "don't", and replaces an end-of-word suffix by a space with every decoder.
 */
import { withoutByteTokens } from "./byte-fallback.ts";
import { bytesOfLevel } from "./byte-letters.ts";
import { prependScheme } from "./pre-tokenizers.ts";

/** Turns tokens into texts. The decoded text is all of them joined. */
export type Decoder = (tokens: readonly string[]) => readonly string[];
type Config = Readonly<Record<string, unknown>>;
type Compile = (pattern: unknown) => RegExp;

/**
 * @param compile turns a pattern of the file into a global JavaScript pattern
 * @returns the file's decoder, or one that puts a space between tokens when the file has none
 * @throws Error for an unknown kind or a missing setting
 */
export function decoderOf(config: unknown, compile: Compile): Decoder {
  return config === null || config === undefined ? (tokens) => [tokens.join(" ")] : kindOf(config, compile);
}

function kindOf(config: unknown, compile: Compile): Decoder {
  const type = (config as Config | null)?.["type"];
  if (typeof type !== "string" || !Object.hasOwn(kinds, type))
    throw new Error(`an unknown decoder: ${JSON.stringify(type)}`);
  return kinds[type]!(config as Config, compile);
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

const kinds: Readonly<Record<string, (config: Config, compile: Compile) => Decoder>> = {
  Sequence: (config, compile) => {
    if (!Array.isArray(config["decoders"])) throw missing(config, "decoders");
    const parts = config["decoders"].map((part) => kindOf(part, compile));
    return (tokens) => parts.reduce((texts, part) => part(texts), tokens);
  },
  ByteLevel: () => (tokens) => [
    utf8.decode(Buffer.concat(tokens.map((token) => bytesOfLevel(token) ?? Buffer.from(token)))),
  ],
  ByteFallback: () => withoutByteTokens,
  Fuse: () => (tokens) => [tokens.join("")],
  Metaspace: (config) => {
    const [sign, begins] = [textOf(config, "replacement"), prependScheme(config) !== "never"];
    return (tokens) => tokens.map((token, i) => token.replaceAll(sign, i === 0 && begins ? "" : " "));
  },
  WordPiece: (config) => {
    const [prefix, clean] = [textOf(config, "prefix"), cleanUpOf(config)];
    const joined = (token: string) => (token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`);
    return (tokens) => tokens.map((token, i) => clean(i === 0 ? token : joined(token)));
  },
  BPEDecoder: (config) => {
    const suffix = finder(textOf(config, "suffix"));
    return (tokens) => tokens.map((token, i) => token.replace(suffix, i === tokens.length - 1 ? "" : " "));
  },
  CTC: (config) => {
    const [pad, space] = [
      finder(textOf(config, "pad_token")),
      finder(textOf(config, "word_delimiter_token")),
    ];
    const clean = cleanUpOf(config);
    const textOfOne = (token: string) => {
      const shown = clean(token.replace(pad, ""));
      return config["cleanup"] === true ? shown.replace(space, " ") : shown;
    };
    return (tokens) =>
      tokens.flatMap((token, i) => (i > 0 && token === tokens[i - 1] ? [] : textOfOne(token) || []));
  },
  Replace: (config, compile) => {
    const [pattern, content] = [compile(config["pattern"]), textOf(config, "content")];
    // A function, because "$" has a special meaning in JavaScript's replacement strings.
    return (tokens) => tokens.map((token) => token.replace(pattern, () => content));
  },
  Strip: (config) => {
    const [sign, most, mostBehind] = [
      textOf(config, "content"),
      countOf(config, "start"),
      countOf(config, "stop"),
    ];
    return (tokens) =>
      tokens.map((token) => {
        const letters = Array.from(token);
        let [from, to] = [0, letters.length];
        while (from < Math.min(most, to) && letters[from] === sign) from += 1;
        while (to > from && letters.length - to < mostBehind && letters[to - 1] === sign) to -= 1;
        return letters.slice(from, to).join("");
      });
  },
};

const marks = [" .", " ?", " !", " ,", " ' ", " n't", " 'm", " do not", " 's", " 've", " 're"];
const cleaned = (mark: string) => (mark === " do not" ? " don't" : mark.trim());

/** Removes the spaces before English punctuation and contractions that joining words has added, as Transformers does. */
export function withoutWordSpaces(text: string): string {
  return marks
    .filter((mark) => mark !== " do not")
    .reduce((clean, mark) => clean.replaceAll(mark, cleaned(mark)), text);
}

/** The clean-up of a token in Rust. It also contracts "do not". */
function cleanUpOf(config: Config): (text: string) => string {
  const isAsked = config["cleanup"];
  if (typeof isAsked !== "boolean") throw missing(config, "cleanup");
  return (text) =>
    isAsked ? marks.reduce((clean, mark) => clean.replaceAll(mark, cleaned(mark)), text) : text;
}

function textOf(config: Config, key: string): string {
  const text = config[key];
  if (typeof text !== "string") throw missing(config, key);
  return text;
}

function countOf(config: Config, key: string): number {
  const count = config[key];
  if (typeof count !== "number") throw missing(config, key);
  return count;
}

function missing({ type }: Config, key: string): Error {
  return new Error(`a decoder ${String(type)} without its "${key}"`);
}

/** A pattern that finds all occurrences of a text. An empty text is found between all characters. */
function finder(text: string): RegExp {
  return new RegExp(text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"), "gu");
}
