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
