/** A tokenizer.json with its tokenizer_config.json, run by @huggingface/tokenizers. */
import { badInput, FathomError } from "../../../core/errors.ts";
import { ranOut, within } from "../../../files/disk/time-limit.ts";
import { type AddedToken, AddedTokenFinder } from "./added-tokens.ts";
import { withoutWordSpaces } from "./decoders.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import type { EncodeOptions, EncodingTokenizer, TextRange } from "./tokenizer.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

/** Milliseconds that a file's patterns may take, and for each character of a text: real ones read hundreds in one. */
const patience = { atOnce: 30_000, aCharacter: 1 };

/** Characters from which on it is the text that is too long, and not the tokenizer that is broken. */
const tooLong = 100_000;

/**
 * @param atOnce milliseconds that its patterns may take whatever the text is
 * @throws FathomError when the files describe a tokenizer that cannot be built
 */
export function buildTokenizer(files: TokenizerFiles, atOnce: number = patience.atOnce): EncodingTokenizer {
  try {
    return within(
      atOnce,
      () => new JsonTokenizer(createPipeline(files.tokenizer, files.config), files, atOnce),
    );
  } catch (error) {
    throw error instanceof FathomError ? error : cannotRun(files.where, error);
  }
}

function cannotRun(where: string, error: unknown): FathomError {
  if (ranOut(error))
    return badInput(where, "a tokenizer whose patterns come to an end", "one that takes too long for a text");
  const message = error instanceof Error ? error.message : String(error);
  return badInput(where, "a tokenizer that @huggingface/tokenizers can run", message);
}

class JsonTokenizer implements EncodingTokenizer {
  readonly vocabSize: number;
  readonly bos: number | null;
  readonly #pipeline: Pipeline;
  readonly #added: readonly AddedToken[];
  readonly #byContent: ReadonlyMap<string, AddedToken>;
  readonly specialIds: ReadonlySet<number>;
  readonly #verbatim: AddedTokenFinder;
  readonly #normalized: AddedTokenFinder;
  readonly #cleanUp: boolean;
  readonly #specialSpellings: ReadonlySet<string>;
  readonly #where: string;
  readonly #unknown: number | undefined;
  readonly #unknownToken: string | undefined;
  readonly #atOnce: number;
  readonly #decodesByPattern: boolean;

  constructor(pipeline: Pipeline, files: TokenizerFiles, atOnce: number) {
    this.#atOnce = atOnce;
    this.#decodesByPattern = JSON.stringify(files.tokenizer["decoder"] ?? null).includes('"Regex"');
    this.#pipeline = pipeline;
    this.#added = files.added;
    this.#where = files.where;
    this.#byContent = new Map(files.added.map((token) => [token.content, token]));
    this.specialIds = new Set(files.added.filter(({ special }) => special).map(({ id }) => id));
    this.#specialSpellings = new Set(
      files.added.filter(({ special }) => special).map(({ content }) => content),
    );
    const isLate = ({ normalized }: AddedToken) => normalized;
    const spell = (token: AddedToken) => ({
      spelling: isLate(token) ? this.#normalize(token.content) : token.content,
      token,
    });
    const late = files.added.filter(isLate).map(spell);
    this.#normalized = new AddedTokenFinder(late);
    this.#verbatim = new AddedTokenFinder(files.added.filter((token) => !isLate(token)).map(spell));
    // A token that is looked for after normalization is also written so (tokenizers 0.23).
    for (const { spelling, token } of late) pipeline.model.vocab[token.id] = spelling;
    this.#cleanUp = files.cleanUp;
    let largest = -1;
    for (const id of pipeline.get_vocab().values()) largest = Math.max(largest, id);
    this.vocabSize = largest + 1;
    this.bos =
      files.specialTokens["bos_token"] === undefined ? null : this.idOf(files.specialTokens["bos_token"]);
    this.#unknown = pipeline.model.unk_token_id;
    this.#unknownToken = pipeline.model.unk_token;
  }

  encode(text: string, { addSpecial, parseSpecial = false }: EncodeOptions): number[] {
    const everything: TextRange[] = [[0, text.length]];
    return this.#running(text.length, () => {
      const tokens = this.#tokens(text, parseSpecial ? [] : everything, this.#specialSpellings);
      const process = this.#pipeline.post_processor;
      return this.#ids(addSpecial && process !== null ? process(tokens, null, true).tokens : tokens);
    });
  }

  encodeMixed(text: string, foreign: readonly TextRange[], control: ReadonlySet<string>): number[] {
    return this.#running(text.length, () => this.#ids(this.#tokens(text, foreign, control)));
  }

  controlTokens(source: string): ReadonlySet<string> {
    const written = this.#added.filter(({ content }) => content.trim() !== "" && source.includes(content));
    return new Set([...this.#specialSpellings, ...written.map(({ content }) => content)]);
  }

  decode(ids: readonly number[], { skipSpecial = false } = {}): string {
    const kept = skipSpecial ? ids.filter((id) => !this.specialIds.has(id)) : ids;
    // A model's vocabulary may be padded beyond the tokenizer's: such an id can be generated, and stands for no text.
    const tokens = kept.flatMap((id) => this.tokenOf(id) ?? []);
    const decoded = () => this.#pipeline.decoder(tokens).join("");
    // A text is decoded again with each of its tokens, which is too often for a limit that nearly none needs.
    const text = this.#running(this.#decodesByPattern ? tokens.length : null, decoded);
    return this.#cleanUp ? withoutWordSpaces(text) : text;
  }

  idOf(token: string): number | null {
    return this.#byContent.get(token)?.id ?? this.#pipeline.token_to_id(token) ?? null;
  }

  tokenOf(id: number): string | null {
    return this.#pipeline.id_to_token(id) ?? null;
  }

  /**
   * The library takes a tokenizer's word for much, and fails on what is not so only when it comes to it.
   * @param length of the text, which sets the time; null where there is no pattern that may be endless
   */
  #running<T>(length: number | null, work: () => T): T {
    try {
      return length === null ? work() : within(this.#atOnce + length * patience.aCharacter, work);
    } catch (error) {
      // It hands the pieces of a text on as arguments, which is too many for the stack from some hundred thousand on.
      if (error instanceof RangeError && length !== null && length > tooLong)
        throw badInput(
          `a text of ${length} characters`,
          "one that the tokenizer can take at once",
          "one too long for it",
          "shorten it: no context is that long",
        );
      throw error instanceof FathomError ? error : cannotRun(this.#where, error);
    }
  }

  #ids(tokens: readonly string[]): number[] {
    return tokens.map((token) => {
      const id = this.idOf(token) ?? this.#unknown;
      if (id === undefined) throw badInput(this.#where, `"${token}" in the vocabulary`, "no such token");
      return id;
    });
  }

  /**
   * The tokens of a text, spelled as the vocabulary spells them.
   * @throws FathomError for half of a surrogate pair, which is no text: Hugging Face's tokenizers take none either
   */
  #tokens(text: string, foreign: readonly TextRange[], control: ReadonlySet<string>): string[] {
    if (/\p{Surrogate}/u.test(text))
      throw badInput(
        "prompt",
        "text",
        "half of a surrogate pair (U+D800 to U+DFFF)",
        "remove it from the text",
      );
    const tokens: string[] = [];
    const mayBegin = (token: AddedToken, start: number, end: number) =>
      !control.has(token.content) || !foreign.some(([from, to]) => start < to && end > from);
    for (const piece of this.#verbatim.split(text, mayBegin)) {
      if ("token" in piece) {
        tokens.push(piece.token.content);
        continue;
      }
      const end = piece.start + piece.text.length;
      const touched = foreign
        .filter(([from, to]) => piece.start < to && end > from)
        .map(
          ([from, to]): TextRange => [
            Math.max(from, piece.start) - piece.start,
            Math.min(to, end) - piece.start,
          ],
        );
      tokens.push(...this.#plain(piece.text, piece.start === 0, touched, control));
    }
    return tokens;
  }

  /**
   * @param foreign ranges of the text
   * @param control tokens that may not be recognized where they touch a foreign range
   */
  #plain(
    text: string,
    first: boolean,
    foreign: readonly TextRange[],
    control: ReadonlySet<string>,
  ): string[] {
    const { pre_tokenizer: splitter, model } = this.#pipeline;
    const normal = this.#normalize(text);
    const ranges = foreign.map((range) => movedRange(text, normal, range, (part) => this.#normalize(part)));
    const mayBegin = (token: AddedToken, start: number, end: number) =>
      !control.has(token.content) || !ranges.some(([from, to]) => start < to && end > from);
    const tokens: string[] = [];
    for (const piece of this.#normalized.split(normal, mayBegin)) {
      if ("token" in piece) {
        tokens.push(piece.token.content);
        continue;
      }
      // Metaspace's "first" scheme asks whether a piece begins the text.
      const at = { section_index: first && piece.start === 0 ? 0 : 1 };
      const words = splitter === null ? [piece.text] : splitter(piece.text, at);
      const plain = model(words);
      const smuggled =
        foreign.length === 0
          ? undefined
          : plain.find((token) => control.has(token) && token !== this.#unknownToken);
      if (smuggled !== undefined)
        throw badInput(
          this.#where,
          "a tokenizer that spells control tokens apart from text",
          `text that becomes ${smuggled}`,
        );
      tokens.push(...plain);
    }
    return tokens;
  }

  #normalize(text: string): string {
    const { normalizer } = this.#pipeline;
    return normalizer === null ? text : normalizer(text);
  }
}

/** Where a range of a text lies after normalization; wider where that cannot be told, as for marks that join what is before. */
function movedRange(
  text: string,
  normal: string,
  [from, to]: TextRange,
  normalize: (part: string) => string,
): TextRange {
  if (text === normal) return [from, to];
  const before = normalize(text.slice(0, from));
  const after = normalize(text.slice(to));
  let start = 0;
  while (start < before.length && before[start] === normal[start]) start += 1;
  let kept = 0;
  while (kept < after.length && after.at(-1 - kept) === normal.at(-1 - kept)) kept += 1;
  return [start, Math.max(start, normal.length - kept)];
}
