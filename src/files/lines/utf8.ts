/** Refuses text that is not UTF-8, and says which line is not. */
import { isUtf8 } from "node:buffer";
import { badInput } from "../../core/errors.ts";
import { linesIn } from "./lines.ts";

const hint = "save the file as UTF-8, for example with iconv -f LATIN1 -t UTF-8 (or -f UTF-16)";

/** @throws FathomError naming `file:line` for bytes that are not UTF-8, such as Latin-1 or UTF-16 */
export function requireUtf8(file: Uint8Array, name: string): void {
  const [first, second] = file;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    throw badInput(`${name}:1`, "UTF-8 text", "UTF-16", hint);
  // UTF-16 without a mark is valid UTF-8, with a zero byte in most characters.
  if (!file.includes(0) && isUtf8(file)) return;
  for (const { number, bytes } of linesIn(file)) {
    const found = bytes.includes(0) ? "a zero byte, as UTF-16 has" : "bytes that are not UTF-8";
    if (bytes.includes(0) || !isUtf8(bytes)) throw badInput(`${name}:${number}`, "UTF-8 text", found, hint);
  }
}
