/** GPT-2's alphabet of bytes: those that are no visible sign of Latin-1 are letters from U+0100 on. */

/** Each byte of a text in UTF-8 as the letter that vocabularies spell it by. */
export function byteLevel(text: string): string {
  return Array.from(Buffer.from(text), (byte) => letters[byte]!).join("");
}

const letters: readonly string[] = (() => {
  const isShown = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let others = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isShown(byte) ? byte : others++));
})();

const bytes: ReadonlyMap<string, number> = new Map(letters.map((letter, byte) => [letter, byte]));

/** The bytes that a token's letters stand for; null where one of them is no letter of the alphabet. */
export function bytesOfLevel(token: string): Buffer | null {
  const found = Array.from(token, (letter) => bytes.get(letter));
  return found.some((byte) => byte === undefined) ? null : Buffer.from(found as number[]);
}
