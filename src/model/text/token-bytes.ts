/** The bytes that a token adds to a text. A token can be a part of a character; then its text alone says nothing. */
import { tokenTexts } from "./token-texts.ts";
import { bytesOfLevel } from "./tokenizer/byte-letters.ts";
import type { Tokenizer } from "./tokenizer/tokenizer.ts";

const byteToken = /^<0x([0-9A-F]{2})>$/;

/**
 * UTF-8 bytes; of a special token, those of its spelling.
 * @param first whether the token begins a text. Some tokenizers then drop the space before a word
 */
export function tokenBytes(tokenizer: Tokenizer, id: number, first: boolean): Uint8Array {
  const before = first ? [] : tokenizer.encode("a", { addSpecial: false });
  const [text = ""] = tokenTexts(tokenizer, [...before, id], before.length, before.length + 1);
  const spelled = tokenizer.tokenOf(id) ?? "";
  const byte = byteToken.exec(spelled)?.[1];
  if (byte !== undefined) return Uint8Array.of(Number.parseInt(byte, 16));
  if (text !== "" && !text.includes("\uFFFD")) return Buffer.from(text);
  return bytesOfLevel(spelled) ?? Buffer.from(text);
}
