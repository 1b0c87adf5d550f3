/**
 * The model of a tokenizer.json, which turns words into tokens:
 * its kind, and whether the library or Fathom computes it.
 */
import { bpe } from "./bpe.ts";
import { unigram } from "./unigram.ts";

/** The settings for @huggingface/tokenizers, and Fathom's function that replaces the library's; null when none does. */
interface WordModel {
  forLibrary: object;
  tokensOf: ((words: readonly string[]) => string[]) | null;
}

type Settings = Readonly<Record<string, unknown>>;

/**
 * Fathom computes BPE, Unigram and WordLevel itself; for these the library only holds the table of the vocabulary.
 * @throws Error for an unknown kind, or settings that do not fit the kind
 */
export function wordModelOf(settings: Settings): WordModel {
  const { vocab, unk_token: unknown } = settings;
  const type = settings["type"] ?? untyped(settings);
  const table = { type: "BPE", vocab, merges: [], unk_token: unknown ?? undefined };
  switch (type) {
    case "BPE":
      return { forLibrary: table, tokensOf: bpe(settings as unknown as Parameters<typeof bpe>[0]) };
    case "WordLevel":
      demand(settings, ["unk_token"]);
      return { forLibrary: table, tokensOf: wordLevel(settings) };
    case "WordPiece":
      demand(settings, ["unk_token", "continuing_subword_prefix", "max_input_chars_per_word"]);
      return { forLibrary: { ...settings, type }, tokensOf: null };
    case "Unigram": {
      const scored = settings as unknown as Parameters<typeof unigram>[0];
      const tokensOf = unigram(scored);
      const ids = Object.fromEntries(scored.vocab.map(([token], id) => [token, id]));
      const unknownToken = typeof scored.unk_id === "number" ? scored.vocab[scored.unk_id]?.[0] : undefined;
      return { forLibrary: { ...table, vocab: ids, unk_token: unknownToken }, tokensOf };
    }
    default:
      throw new Error(`an unknown model: ${JSON.stringify(type)}`);
  }
}

function demand(settings: Settings, keys: readonly string[]): void {
  const missing = keys.find((key) => settings[key] === undefined);
  if (missing !== undefined) throw new Error(`a model without its "${missing}"`);
}

/** The kind of a model in older files, which do not name it. */
function untyped(settings: Settings): string {
  if (Array.isArray(settings["vocab"])) return "Unigram";
  if (settings["merges"] !== undefined) return "BPE";
  return settings["continuing_subword_prefix"] === undefined ? "WordLevel" : "WordPiece";
}

/** WordLevel: a word is either a token or unknown. */
function wordLevel({ vocab, unk_token: unknown }: Settings): (words: readonly string[]) => string[] {
  const isToken = (word: unknown): word is string =>
    typeof word === "string" && Object.hasOwn(vocab as object, word);
  return (words) =>
    words.map((word) => {
      const token = isToken(word) ? word : unknown;
      if (!isToken(token))
        throw new Error(`a WordLevel model whose vocabulary lacks its own ${String(unknown)}`);
      return token;
    });
}
