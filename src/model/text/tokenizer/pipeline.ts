/**
 * Types for the part of @huggingface/tokenizers that Fathom uses. The library's own declarations import files without
 * extensions, so a strict compiler finds no types in them, and they do not say that the parts can be called.
 */
import * as library from "@huggingface/tokenizers";
import { type Decoder, decoderOf } from "./decoders.ts";
import { normalizerOf } from "./normalizers.ts";
import { preTokenizerOf } from "./pre-tokenizers.ts";
import { wordModelOf } from "./word-models.ts";

export interface Pipeline {
  normalizer: ((text: string) => string) | null;
  /** section_index 0 marks the beginning of the whole text. */
  pre_tokenizer: ((text: string, at: { section_index: number }) => string[]) | null;
  model: ((words: string[]) => string[]) & { unk_token?: string; unk_token_id?: number; vocab: string[] };
  decoder: Decoder;
  post_processor: ((tokens: string[], pair: null, addSpecial: boolean) => { tokens: string[] }) | null;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
  /** Token → id. */
  get_vocab(): Map<string, number>;
}

/** The library's normalizer "Replace", from which Fathom uses only the compiled pattern. */
interface WithPattern {
  pattern: RegExp | null;
}

type Parts = { normalizer?: unknown; pre_tokenizer?: unknown; model?: unknown; decoder?: unknown };

/**
 * Normalizers, pre-tokenizers, decoders and most models are Fathom's own, because the library's are approximations.
 * @throws Error with the library's message when the library does not know the tokenizer
 */
export function createPipeline(tokenizer: Parts, config: object): Pipeline {
  const { Tokenizer, ReplaceNormalizer } = library as unknown as {
    Tokenizer: new (tokenizer: object, config: object) => Pipeline;
    ReplaceNormalizer: new (config: object) => WithPattern;
  };
  const compile = (pattern: unknown) => {
    const compiled = new ReplaceNormalizer({ type: "Replace", pattern }).pattern;
    if (compiled === null) throw new Error("a pattern of an unknown kind");
    return compiled;
  };
  const normalizer = normalizerOf(tokenizer.normalizer, compile);
  const preTokenizer = preTokenizerOf(tokenizer.pre_tokenizer, compile);
  const decoder = decoderOf(tokenizer.decoder, compile);
  const { forLibrary, tokensOf } = wordModelOf(tokenizer.model as Readonly<Record<string, unknown>>);
  const pipeline = new Tokenizer(
    { ...tokenizer, normalizer: null, pre_tokenizer: null, decoder: null, model: forLibrary },
    config,
  );
  const model = tokensOf === null ? pipeline.model : withTable(tokensOf, pipeline.model);
  return Object.assign(pipeline, { normalizer, decoder, pre_tokenizer: preTokenizer, model });
}

/** The library's table of a vocabulary, with Fathom's function from words to tokens. */
function withTable(model: (words: string[]) => string[], table: Pipeline["model"]): Pipeline["model"] {
  const { vocab, unk_token: token, unk_token_id: id } = table;
  return Object.assign((words: string[]) => model(words), {
    vocab,
    tokens_to_ids: (table as unknown as { tokens_to_ids: unknown }).tokens_to_ids,
    ...(token === undefined ? {} : { unk_token: token }),
    ...(id === undefined ? {} : { unk_token_id: id }),
  });
}
