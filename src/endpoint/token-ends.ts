/** Finds where a reply's tokens end in its text, so that one answer can be judged at every cap. */
import type { ReplyToken } from "./chat.ts";

/** White space that servers take off the beginning of an answer. */
const space: ReadonlySet<number> = new Set([9, 10, 11, 12, 13, 32]);

/**
 * @param hasThought whether tokens of a thought may stand before those of the text
 * @returns [tokens of the text] how many UTF-16 units of `text` are complete after each token; never decreases. null if the
 *   tokens do not spell the text, for example because the server writes their ids
 */
export function tokenEnds(text: string, tokens: readonly ReplyToken[], hasThought: boolean): number[] | null {
  const spelled = tokens.map(({ bytes, text: own }) =>
    bytes === null ? Buffer.from(own) : Buffer.from(bytes),
  );
  const whole = Buffer.concat(spelled);
  const wanted = Buffer.from(text);
  const starts = startsOf(spelled);
  const first = hasThought
    ? starts.findLastIndex((start) => beginsWith(whole, start, wanted))
    : starts.findIndex((start) => start === 0 && beginsWith(whole, 0, wanted));
  if (first === -1) return wanted.length === 0 && tokens.length === 0 ? [] : null;
  const begin = beginOf(whole, starts[first]!, wanted);
  const ends: number[] = [];
  let from = first;
  // The token that ends the answer stands behind the text.
  for (; from < tokens.length && starts[from]! < begin + wanted.length; from++)
    ends.push(unitsWithin(wanted, starts[from]! + spelled[from]!.length - begin));
  return ends;
}

function startsOf(spelled: readonly Buffer[]): number[] {
  let at = 0;
  return spelled.map(({ length }) => (at += length) - length);
}

/** Where the text begins: here, or behind white space that the server took off. */
function beginOf(whole: Buffer, start: number, wanted: Buffer): number {
  if (matches(whole, start, wanted)) return start;
  let begin = start;
  while (space.has(whole[begin] ?? 0)) begin++;
  return begin;
}

const beginsWith = (whole: Buffer, start: number, wanted: Buffer): boolean =>
  matches(whole, beginOf(whole, start, wanted), wanted);

const matches = (whole: Buffer, start: number, wanted: Buffer): boolean =>
  whole.subarray(start, start + wanted.length).equals(wanted);

/** How many UTF-16 units the whole characters in the first `bytes` bytes have. */
function unitsWithin(utf8: Buffer, bytes: number): number {
  let end = Math.min(Math.max(bytes, 0), utf8.length);
  // Bytes that begin with 10 continue a character.
  while (end < utf8.length && end > 0 && (utf8[end]! & 0xc0) === 0x80) end--;
  return utf8.toString("utf8", 0, end).length;
}
