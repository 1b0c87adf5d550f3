/**
 * Byte tokens (<0x0A>) back to text, as Hugging Face's tokenizers do it: a run that is not UTF-8 as a whole, such as
 * the beginning of an emoji where an answer was cut, becomes one U+FFFD a byte. @huggingface/tokenizers 0.2.0 makes
 * fewer of them, and drops a U+FEFF.
 */

/** How vocabularies spell a byte. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function withoutByteTokens(tokens: readonly string[]): string[] {
  const texts: string[] = [];
  let run: number[] = [];
  const flush = () => {
    for (const text of run.length === 0 ? [] : textsOf(run)) texts.push(text);
    run = [];
  };
  for (const token of tokens) {
    const byte = /^<0x(\+[\da-f]|[\da-f]{2})>$/i.exec(token)?.[1];
    if (byte !== undefined) run.push(parseInt(byte, 16));
    else {
      flush();
      texts.push(token);
    }
  }
  flush();
  return texts;
}

function textsOf(run: readonly number[]): string[] {
  try {
    return [utf8.decode(Uint8Array.from(run))];
  } catch {
    return run.map(() => "\ufffd");
  }
}
