/**
 * Decodes byte tokens (<0x0A>) to text as Hugging Face's tokenizers do. A run of them that is not valid UTF-8 as a whole,
 * for example the beginning of an emoji where an answer was cut, becomes one U+FFFD per byte. @huggingface/tokenizers
 * 0.2.0 gives fewer of them, and drops a U+FEFF.
 */

/** The spelling of a byte in vocabularies. */
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
