/**
 * How a byte-level vocabulary splits a text into words before merging, by llama.cpp's name for it (llama-vocab.cpp). A
 * file without a name is split like GPT-2, which Transformers also assumes.
 */
import { badInput } from "../../../core/errors.ts";

type Part = Readonly<Record<string, unknown>>;

export interface Splitter {
  preTokenizer: Part;
  /** Whether a word that is in the vocabulary becomes one token before any merge. */
  ignoreMerges: boolean;
  /** Whether a BOS goes first when the file does not say it. */
  addBos: boolean;
}

const byteLevel = (useRegex: boolean): Part => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});
const sequence = (...pretokenizers: Part[]): Part => ({ type: "Sequence", pretokenizers });

/** Contractions, words, numbers, punctuation. The ByteLevel part has GPT-2's pattern built in. */
const gpt2: Splitter = { preTokenizer: byteLevel(true), ignoreMerges: false, addBos: false };

/** Every digit is a word of its own; the rest is split like GPT-2. */
const digits: Splitter = {
  preTokenizer: sequence({ type: "Digits", individual_digits: true }, byteLevel(true)),
  ignoreMerges: false,
  addBos: false,
};

const byPattern = (Regex: string): Part =>
  sequence({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false }, byteLevel(false));

/** Llama 3: numbers in groups of three, contractions in either case, line ends kept with the punctuation before them. */
const llama3: Splitter = {
  preTokenizer: byPattern(
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ),
  ignoreMerges: true,
  addBos: true,
};

/**
 * Qwen 2 to 3: like Llama 3, but every digit is a word of its own. Qwen's own tokenizer.json also composes its text
 * (NFC). llama.cpp and Transformers do not compose it when they read a GGUF file, and neither does Fathom.
 */
const qwen2: Splitter = {
  preTokenizer: byPattern(
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ),
  ignoreMerges: false,
  addBos: false,
};

/** Mistral's Tekken: words are split where lower case changes to upper case; every digit is a word of its own. */
const tekken: Splitter = {
  preTokenizer: byPattern(
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ),
  ignoreMerges: true,
  addBos: true,
};

const splitters: Readonly<Record<string, Splitter>> = {
  "gpt-2": gpt2,
  default: gpt2,
  olmo: gpt2,
  mpt: gpt2,
  smollm: digits,
  starcoder: digits,
  refact: digits,
  "llama-bpe": llama3,
  "llama-v3": llama3,
  llama3,
  qwen2,
  "deepseek-r1-qwen": qwen2,
  tekken,
};

/** @throws FathomError naming a splitter that is not known */
export function splitterOf(path: string, name: unknown): Splitter {
  const chosen = name ?? "default";
  if (typeof chosen === "string" && Object.hasOwn(splitters, chosen)) return splitters[chosen]!;
  throw badInput(`${path} "tokenizer.ggml.pre"`, Object.keys(splitters).join(", "), JSON.stringify(chosen));
}
