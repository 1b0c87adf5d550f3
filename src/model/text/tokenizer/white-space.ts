/**
 * White space as Rust's tokenizers see it: Unicode's White_Space, in which U+0085 is and U+FEFF is not. JavaScript's
 * trim and \s have it the other way round.
 */
const white = /^\p{White_Space}$/u;

/** @returns where the white space that ends text[from, to) begins; `to` where there is none */
export function whiteSpaceBefore(text: string, from: number, to: number): number {
  let at = to;
  while (at > from && white.test(text.charAt(at - 1))) at -= 1;
  return at;
}

/** @returns where the white space that begins at `from` ends; `from` where there is none */
export function whiteSpaceAfter(text: string, from: number): number {
  let at = from;
  while (at < text.length && white.test(text.charAt(at))) at += 1;
  return at;
}
