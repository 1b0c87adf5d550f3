/**
 * Finds added tokens in a text, before any other step of the tokenizer: leftmost first, longest at each place. Fathom
 * does this step itself, because it decides which parts of a text may become special tokens.
 */

import { whiteSpaceAfter, whiteSpaceBefore } from "./white-space.ts";

export interface AddedToken {
  id: number;
  content: string;
  special: boolean;
  /** Whether the token includes the white space before it. */
  lstrip: boolean;
  /** Whether the token includes the white space after it. */
  rstrip: boolean;
  /** Whether the token is recognized only where no word character touches it. */
  singleWord: boolean;
  /** Whether the token is searched after normalization instead of before. */
  normalized: boolean;
}

/** A piece of a text: an added token, or the text between two of them. */
export type Piece = { token: AddedToken } | { text: string; start: number };

interface Node {
  children: Map<string, Node>;
  token: AddedToken | null;
}

export class AddedTokenFinder {
  readonly #root: Node = { children: new Map(), token: null };

  /** @param tokens tokens with the spelling to search for, which may be normalized */
  constructor(tokens: readonly { spelling: string; token: AddedToken }[]) {
    for (const { spelling, token } of tokens) {
      if (spelling === "") continue;
      let node = this.#root;
      for (const unit of spelling.split("")) {
        let next = node.children.get(unit);
        if (next === undefined) node.children.set(unit, (next = { children: new Map(), token: null }));
        node = next;
      }
      node.token = token;
    }
  }

  /**
   * Cuts a text into added tokens and the text between them. The search continues at the end of every match. A match
   * that is not a whole word is text and is not searched again. A match inside white space that another token includes
   * still counts.
   * @param allowed whether a token may be recognized at a place: `start` is included, `end` is not
   */
  split(text: string, allowed: (token: AddedToken, start: number, end: number) => boolean): Piece[] {
    const pieces: Piece[] = [];
    let from = 0;
    for (let at = 0; at < text.length; ) {
      const match = this.#longest(text, at, allowed);
      if (match === null) {
        at += 1;
        continue;
      }
      const { token, end } = match;
      if (isWhole(token, text, at, end)) {
        const start = token.lstrip ? whiteSpaceBefore(text, from, at) : at;
        if (start > from) pieces.push({ text: text.slice(from, start), start: from });
        pieces.push({ token });
        from = token.rstrip ? whiteSpaceAfter(text, end) : end;
      }
      at = end;
    }
    if (from < text.length) pieces.push({ text: text.slice(from), start: from });
    return pieces;
  }

  #longest(
    text: string,
    start: number,
    allowed: (token: AddedToken, start: number, end: number) => boolean,
  ): { token: AddedToken; end: number } | null {
    let node: Node | undefined = this.#root;
    let found: { token: AddedToken; end: number } | null = null;
    for (let at = start; at < text.length; ) {
      node = node.children.get(text.charAt(at));
      if (node === undefined) break;
      at += 1;
      const { token } = node;
      if (token !== null && allowed(token, start, at)) found = { token, end: at };
    }
    return found;
  }
}

/** \w in Rust, as defined by Unicode for regular expressions (UTS #18). */
const word = String.raw`[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]`;
const [endsWithWord, beginsWithWord] = [new RegExp(`${word}$`, "u"), new RegExp(`^${word}`, "u")];

function isWhole(token: AddedToken, text: string, start: number, end: number): boolean {
  if (!token.singleWord) return true;
  return (
    !endsWithWord.test(text.slice(Math.max(0, start - 2), start)) &&
    !beginsWithWord.test(text.slice(end, end + 2))
  );
}
