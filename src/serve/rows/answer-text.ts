/** The text of an answer while it grows. It ends before the first stop text. */
import type { Tokenizer } from "../../model/text/tokenizer/tokenizer.ts";
import { StopTexts } from "./stop-texts.ts";
import { TextPieces } from "./text-pieces.ts";

export interface AnswerPiece<Token> {
  text: string;
  /** The tokens that begin in this piece. */
  tokens: Token[];
}

export class AnswerText<Token> {
  readonly #pieces: TextPieces;
  readonly #stops: StopTexts;
  readonly #trims: boolean;
  #text = "";
  #given = 0;
  #stopped = false;
  #held: { start: number; token: Token }[] = [];

  /** @param trims leave out white space at the beginning, and the tokens that are nothing else */
  constructor(tokenizer: Tokenizer, stops: readonly string[], trims: boolean) {
    this.#pieces = new TextPieces(tokenizer);
    this.#stops = new StopTexts(stops);
    this.#trims = trims;
  }

  /** Whether a stop text has come. No more tokens are needed then. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Whether a token that comes now is the first one. */
  get isEmpty(): boolean {
    return this.#text === "" && this.#held.length === 0;
  }

  push(id: number, token: Token): AnswerPiece<Token> {
    const piece = this.#pieces.push(id);
    const added = this.#trims && this.#text === "" ? piece.trimStart() : piece;
    const isBlank = piece !== "" && added === "";
    if (!isBlank) this.#held.push({ start: this.#text.length, token });
    return this.#take(added, false);
  }

  /** The rest, when no token follows. */
  end(): AnswerPiece<Token> {
    return this.#stopped ? { text: "", tokens: [] } : this.#take(this.#pieces.end(), true);
  }

  #take(added: string, isLast: boolean): AnswerPiece<Token> {
    this.#text += added;
    const stop = this.#stops.firstIn(this.#text, this.#given);
    this.#stopped = stop !== null;
    const begun = isLast ? 0 : this.#stops.begunAtEndOf(this.#text.slice(this.#given));
    const until = stop ?? this.#text.length - begun;
    const text = this.#text.slice(this.#given, until);
    this.#given = until;
    const isGiven = ({ start }: { start: number }) => start < until || (isLast && stop === null);
    const tokens = this.#held.filter(isGiven).map(({ token }) => token);
    this.#held = this.#held.filter((one) => !isGiven(one));
    return { text, tokens };
  }
}
