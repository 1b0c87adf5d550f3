/**
 * White space in Rust's tokenizers is Unicode's White_Space, which contains U+0085 but not U+FEFF. In JavaScript's trim
 * and \s it is the other way round.
 */
const white = /^\p{White_Space}$/u;

/** @returns the start of the white space at the end of text.slice(from, to); `to` when there is none */
export function whiteSpaceBefore(text: string, from: number, to: number): number {
  let at = to;
  while (at > from && white.test(text.charAt(at - 1))) at -= 1;
  return at;
}

/** @returns the end of the white space that begins at `from`; `from` when there is none */
export function whiteSpaceAfter(text: string, from: number): number {
  let at = from;
  while (at < text.length && white.test(text.charAt(at))) at += 1;
  return at;
}
