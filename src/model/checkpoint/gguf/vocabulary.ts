/** The types between `gguf-tokenizer.ts` and its readers: a GGUF file's vocabulary, and the result of a reader. */

export interface Vocabulary {
  /** The file, for messages. */
  path: string;
  architecture: unknown;
  /** By id. */
  tokens: readonly string[];
  /** llama.cpp's kind of each token (1 normal, 3 control, 4 user-defined, 6 byte); empty when the file has none. */
  kinds: readonly number[];
  /** By id; empty when the file has none. */
  scores: readonly number[];
  /** Best first; null when the file has none. */
  merges: readonly (readonly [string, string])[] | null;
  /** tokenizer.ggml.pre */
  splitter: unknown;
  unknown: string | null;
  /** tokenizer.ggml.add_space_prefix */
  spacePrefix: unknown;
}

export interface TokenizerParts {
  /** Parts of a tokenizer.json. */
  parts: {
    normalizer: object | null;
    pre_tokenizer: object | null;
    decoder: object;
    /** The settings of a BPE model, without its vocabulary. */
    model: object;
  };
  /** By id, as the BPE model spells them. */
  tokens: readonly string[];
  /** Whether a BOS goes first when the file does not say it; "never" means never, whatever the file says. */
  addBos: boolean | "never";
}
