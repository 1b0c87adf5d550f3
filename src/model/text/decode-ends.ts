/** The text of generated tokens, and how much of it is there after each: a token cap is a prefix of the text. */
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** What a decoder writes for bytes that do not make a character yet. */
const incomplete = "\uFFFD";

/**
 * @returns text of all ids, and for each token the UTF-16 units of it that are complete once that token is there
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
  // A decoder may treat the first token of a text unlike others, so each piece is decoded after the last that has a text.
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
    // What stays incomplete to the end (a cut character, or a real U+FFFD) belongs to the last token.
    if (ends.length > 0) ends[ends.length - 1] = text.length;
    return { text, ends };
  }
  // Bytes behind a character may undo it until theirs is there, and what was complete is so again then.
  let complete = 0;
  const shared = (i: number) => sharedLength(decode(ids.slice(0, i + 1)), text);
  return { text, ends: ids.map((_, i) => (complete = Math.max(complete, shared(i)))) };
}

function sharedLength(prefix: string, text: string): number {
  let length = 0;
  while (length < prefix.length && prefix[length] === text[length]) length++;
  return length;
}
