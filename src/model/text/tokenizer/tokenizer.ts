/** Text to token ids and back, with ids identical to Hugging Face Transformers'. */

export interface EncodeOptions {
  /** Add what the tokenizer adds around a text by itself (a BOS, where it has one). */
  addSpecial: boolean;
  /** Turn special tokens written in the text into their ids. False unless asked: user text cannot smuggle them in. */
  parseSpecial?: boolean;
}

export interface Tokenizer {
  /** Ids run from 0 to vocabSize − 1. */
  readonly vocabSize: number;
  /** The id that begins a sequence, where the tokenizer names one. */
  readonly bos: number | null;
  /** Tokens that are marks of a sequence or of a template, not text. */
  readonly specialIds: ReadonlySet<number>;
  encode(text: string, options: EncodeOptions): number[];
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string;
  /** The id of a token as the vocabulary spells it. */
  idOf(token: string): number | null;
  tokenOf(id: number): string | null;
}

/** Half-open range of UTF-16 units of a text. */
export type TextRange = readonly [start: number, end: number];

/** What a chat template needs beyond a tokenizer: some of the text is the template's own, some is a person's. */
export interface EncodingTokenizer extends Tokenizer {
  /** Spellings of tokens that steer a model: the special ones, and added ones that `source` writes. */
  controlTokens(source: string): ReadonlySet<string>;
  /**
   * Encodes without adding anything around the text. Added tokens become ids, except that no control token is
   * recognized where it touches a foreign range; the text there is encoded as any other text, in one piece with
   * its surroundings.
   */
  encodeMixed(text: string, foreign: readonly TextRange[], control: ReadonlySet<string>): number[];
}
