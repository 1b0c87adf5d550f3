/** Converts text to token ids and back. The ids are identical to those of Hugging Face Transformers. */

export interface EncodeOptions {
  /** Whether to add the tokens that the tokenizer itself adds around a text (such as a BOS). */
  addSpecial: boolean;
  /**
   * Whether special tokens that are written in the text become their ids.
   * Default false, so that user text cannot inject them.
   */
  parseSpecial?: boolean;
}

export interface Tokenizer {
  /** Ids run from 0 to vocabSize − 1. */
  readonly vocabSize: number;
  /** The id that begins a sequence; null when the tokenizer has none. */
  readonly bos: number | null;
  /** Tokens that are marks of a sequence or of a template, not text. */
  readonly specialIds: ReadonlySet<number>;
  encode(text: string, options: EncodeOptions): number[];
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string;
  /** The id of a token in the vocabulary's spelling; null when there is no such token. */
  idOf(token: string): number | null;
  tokenOf(id: number): string | null;
}

/** Range of UTF-16 units of a text: `start` is included, `end` is not. */
export type TextRange = readonly [start: number, end: number];

/** A tokenizer for chat templates, in whose text some parts are the template's own and others came from messages. */
export interface EncodingTokenizer extends Tokenizer {
  /** Spellings of tokens that steer a model: the special tokens, and added tokens that `source` contains. */
  controlTokens(source: string): ReadonlySet<string>;
  /**
   * Encodes a text and adds no tokens around it. Added tokens become ids, but a control token is not recognized where it
   * touches a foreign range. The text there is encoded like any other text, together with the text around it.
   */
  encodeMixed(text: string, foreign: readonly TextRange[], control: ReadonlySet<string>): number[];
}
