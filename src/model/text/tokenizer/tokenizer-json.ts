/** Runs a tokenizer.json and its tokenizer_config.json, partly with @huggingface/tokenizers. */
import { badInput, FathomError } from "../../../core/errors.ts";
import { ranOut, within } from "../../../files/disk/time-limit.ts";
import { type AddedToken, AddedTokenFinder } from "./added-tokens.ts";
import { withoutWordSpaces } from "./decoders.ts";
import { createPipeline, type Pipeline } from "./pipeline.ts";
import type { EncodeOptions, EncodingTokenizer, TextRange } from "./tokenizer.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

/**
 * Milliseconds that a file's patterns may take:
 * in all, plus per character of a text. Real ones read hundreds of characters per ms.
 */
const patience = { atOnce: 30_000, aCharacter: 1 };

/** With more characters than this, a RangeError means that the text is too long, not that the tokenizer is broken. */
const tooLong = 100_000;

/**
 * @param atOnce milliseconds that its patterns may take for any text
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
    // A token that is searched after normalization also decodes to its normalized spelling (tokenizers 0.23).
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
    // A model's vocabulary may be padded beyond the tokenizer's. The model can generate such an id, which has no text.
    const tokens = kept.flatMap((id) => this.tokenOf(id) ?? []);
    const decoded = () => this.#pipeline.decoder(tokens).join("");
    // A text is decoded again after each of its tokens.
    // A time limit would cost too much there, and few decoders need one.
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
   * Runs work and turns its errors into FathomErrors. The library trusts the file, and fails only when it uses a broken
   * part.
   * @param length characters of the text, which determine the time limit; null when no pattern can run too long
   */
  #running<T>(length: number | null, work: () => T): T {
    try {
      return length === null ? work() : within(this.#atOnce + length * patience.aCharacter, work);
    } catch (error) {
      // The pieces of a text are passed as arguments. Above about a hundred thousand they do not fit on the stack.
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
   * The tokens of a text, in the vocabulary's spelling.
   * @throws FathomError for half of a surrogate pair, which is not valid text: Hugging Face's tokenizers refuse it too
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
   * The tokens of a text without added tokens that are searched before normalization.
   * @param foreign foreign ranges of the text
   * @param control tokens that are not recognized where they touch a foreign range
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
      // Metaspace's scheme "first" needs to know whether a piece begins the text.
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

/**
 * The place of a range after normalization.
 * It is wider when that is not certain, as for marks that join the text before.
 */
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
