/**
 * The text of tokens that come one by one. A piece is given only when the tokens that follow cannot change it, so a
 * character whose bytes are in several tokens is never broken. All pieces joined are the text of all tokens.
 */
import type { Tokenizer } from "../../model/text/tokenizer/tokenizer.ts";

/** Decoders write this for bytes that are not yet a whole character. */
const incomplete = "\uFFFD";
/** A token for one byte. Some decoders read a run of them together, so a later byte can change an earlier character. */
const byteToken = /^<0x[0-9A-F]{2}>$/;

export class TextPieces {
  readonly #tokenizer: Tokenizer;
  readonly #ids: number[] = [];
  #given = "";
  /** The piece is decoded after the last tokens that had text: a decoder may treat the first token of a text differently. */
  #context = 0;
  #read = 0;

  constructor(tokenizer: Tokenizer) {
    this.#tokenizer = tokenizer;
  }

  /** @returns the text that is certain now; often "" */
  push(id: number): string {
    // A special token and an id of a padded vocabulary are no text. They do not end a run of bytes either.
    if (this.#tokenizer.specialIds.has(id) || this.#tokenizer.tokenOf(id) === null) return "";
    this.#ids.push(id);
    const before = this.#decode(this.#context, this.#read);
    const after = this.#decode(this.#context);
    if (after.endsWith(incomplete) || byteToken.test(this.#tokenizer.tokenOf(id) ?? "")) return "";
    const piece = after.slice(before.length);
    if (piece !== "") this.#context = this.#read;
    this.#read = this.#ids.length;
    this.#given += piece;
    return piece;
  }

  /** @returns the rest of the text, when no token follows */
  end(): string {
    const whole = this.#decode(0);
    if (whole.startsWith(this.#given)) return whole.slice(this.#given.length);
    return this.#decode(this.#context).slice(this.#decode(this.#context, this.#read).length);
  }

  #decode(from: number, to?: number): string {
    return this.#tokenizer.decode(this.#ids.slice(from, to), { skipSpecial: true });
  }
}
