/**
 * Tokens as people can read them one by one: a token alone decodes otherwise than the same token in its text. Without a
 * tokenizer they are their ids, in brackets.
 */
import { decodeWithEnds } from "./decode-ends.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/** Tokens read before a stretch, so that a character begun there ends as it should: UTF-8 has at most four bytes. */
const lead = 4;

/**
 * What each token of ids[from, to) adds to the text; special tokens are spelled out. A token that only begins or
 * continues a character adds "", and the one that ends it the whole character.
 */
export function tokenTexts(
  tokenizer: Tokenizer | null,
  ids: readonly number[],
  from: number,
  to: number,
): string[] {
  if (tokenizer === null) return ids.slice(from, to).map(idAlone);
  const start = Math.max(0, from - lead);
  const { text, ends } = decodeWithEnds(tokenizer, ids.slice(start, to), { skipSpecial: false });
  return ends.map((end, i) => text.slice(ends[i - 1] ?? 0, end)).slice(from - start);
}

/**
 * A token of the vocabulary as it reads behind another word, e.g. " the"; what is no whole text by itself, such as
 * some bytes of a character, as the vocabulary spells it.
 */
export function tokenText(tokenizer: Tokenizer | null, id: number): string {
  if (tokenizer === null) return idAlone(id);
  const before = tokenizer.encode("a", { addSpecial: false });
  const [text = ""] = tokenTexts(tokenizer, [...before, id], before.length, before.length + 1);
  return text === "" || text.includes("\uFFFD") ? (tokenizer.tokenOf(id) ?? text) : text;
}

function idAlone(id: number): string {
  return `[${id}]`;
}
