/**
 * Shows tokens one by one. A token that is decoded alone can give another text than inside its text, so each is decoded
 * in context. Without a tokenizer a token is shown as its id in brackets.
 */
import { decodeWithEnds } from "./decode-ends.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

/**
 * How many tokens before a stretch are decoded too.
 * A character may begin there, and UTF-8 has at most four bytes per character.
 */
const lead = 4;

/**
 * The text that each token of ids.slice(from, to) adds. Special tokens are spelled out. A token that begins or
 * continues a character adds "", and the token that ends it adds the whole character.
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
 * The text of a token after another word, e.g. " the". If the token alone is not a whole text (for example, some bytes
 * of a character), the vocabulary's spelling.
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
