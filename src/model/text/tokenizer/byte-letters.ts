/** GPT-2's alphabet of bytes. Bytes that are not visible characters of Latin-1 are written as letters from U+0100 on. */

/** Writes each UTF-8 byte of a text as the letter that stands for it in vocabularies. */
export function byteLevel(text: string): string {
  return Array.from(Buffer.from(text), (byte) => letters[byte]!).join("");
}

const letters: readonly string[] = (() => {
  const isShown = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let others = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isShown(byte) ? byte : others++));
})();

const bytes: ReadonlyMap<string, number> = new Map(letters.map((letter, byte) => [letter, byte]));

/** The bytes for which a token's letters stand; null when one of them is not in the alphabet. */
export function bytesOfLevel(token: string): Buffer | null {
  const found = Array.from(token, (letter) => bytes.get(letter));
  return found.some((byte) => byte === undefined) ? null : Buffer.from(found as number[]);
}
