/**
 * The text of generated tokens, and its length after each token.
 * A cap on tokens therefore cuts the text at a known place.
 */
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** Decoders write this for bytes that are not yet a whole character. */
const incomplete = "\uFFFD";

/**
 * @returns the text of all ids, and per token the number of UTF-16 units of the text that are complete with that token
 */
export function decodeWithEnds(
  tokenizer: Tokenizer,
  ids: readonly number[],
  { skipSpecial = true }: { skipSpecial?: boolean } = {},
): { text: string; ends: number[] } {
  const decode = (part: readonly number[]): string => tokenizer.decode(part, { skipSpecial });
  const text = decode(ids);
  const ends: number[] = [];
  let emitted = "";
  // A decoder may treat the first token of a text differently, so each piece is decoded after the last one that has text.
  let [context, read] = [0, 0];
  for (let i = 0; i < ids.length; i++) {
    const before = decode(ids.slice(context, read));
    const after = decode(ids.slice(context, i + 1));
    if (!after.endsWith(incomplete)) {
      const added = after.slice(before.length);
      if (added !== "") context = read;
      emitted += added;
      read = i + 1;
    }
    ends.push(emitted.length);
  }
  if (text.startsWith(emitted)) {
    // A part that stays incomplete to the end (a cut character, or a real U+FFFD) belongs to the last token.
    if (ends.length > 0) ends[ends.length - 1] = text.length;
    return { text, ends };
  }
  // Bytes after a character can make it incomplete until their own character is complete. The length never decreases.
  let complete = 0;
  const shared = (i: number) => sharedLength(decode(ids.slice(0, i + 1)), text);
  return { text, ends: ids.map((_, i) => (complete = Math.max(complete, shared(i)))) };
}

function sharedLength(prefix: string, text: string): number {
  let length = 0;
  while (length < prefix.length && prefix[length] === text[length]) length++;
  return length;
}
