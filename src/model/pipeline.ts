/**
 * @huggingface/tokenizers, typed as far as Fathom uses it. Its own declarations import without file extensions, so
 * a strict compiler sees nothing in them, and they do not say that its parts are callable.
 */
import * as library from "@huggingface/tokenizers";
import { withoutByteTokens } from "./byte-fallback.ts";
import { nfc } from "./nfc.ts";

export interface Pipeline {
  normalizer: ((text: string) => string) | null;
  /** section_index 0 marks the beginning of the whole text. */
  pre_tokenizer: ((text: string, at: { section_index: number }) => string[]) | null;
  model: ((words: string[]) => string[]) & { unk_token?: string; unk_token_id?: number; vocab: string[] };
  decoder: Decoder | null;
  post_processor: ((tokens: string[], pair: null, addSpecial: boolean) => { tokens: string[] }) | null;
  decode(ids: number[], options: { clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  /** Token to id. */
  get_vocab(): Map<string, number>;
}

interface Decoder {
  config: { type?: string };
  /** Of a sequence. */
  decoders?: Decoder[];
  decode_chain(tokens: string[]): string[];
}

/** @throws Error with the library's words when the JSON is not a tokenizer it knows */
export function createPipeline(tokenizer: { normalizer?: unknown }, config: object): Pipeline {
  const { Tokenizer } = library as unknown as {
    Tokenizer: new (tokenizer: object, config: object) => Pipeline;
  };
  const pipeline = new Tokenizer(tokenizer, config);
  // Of a sequence of normalizers the library's own NFC is left: no family has one.
  if ((tokenizer.normalizer as { type?: unknown } | null)?.type === "NFC") pipeline.normalizer = nfc;
  mend(pipeline.decoder);
  return pipeline;
}

function mend(decoder: Decoder | null): void {
  decoder?.decoders?.forEach(mend);
  if (decoder?.config.type === "ByteFallback") decoder.decode_chain = withoutByteTokens;
}
