/**
 * Parses JSON from untrusted files. JSON.parse accepts any depth (it uses gigabytes) and any exponent, but the code
 * that uses the value does not. So the text of every file is checked once before it is parsed.
 */
import { badInput } from "../../core/errors.ts";

/** Real configurations, tokenizers and records nest less than 20 deep; recursive code fails at some thousands. */
export const deepest = 100;

const [quote, backslash, minus, nine, zero] = [0x22, 0x5c, 0x2d, 0x39, 0x30];

/**
 * @param where the beginning of error messages
 * @param expected what the text should be
 * @param hint what to try if it is not
 * @throws FathomError if the text is not JSON, nests too deeply, or holds a number that does not fit in a double
 */
export function parseJson(text: string, where: string, expected = "JSON", hint?: string): unknown {
  lookOver(text, where, expected);
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw badInput(where, expected, found, hint);
  }
}

/**
 * Parses JSON as Python writes it. A bare NaN, Infinity or -Infinity is read as the string of that name. So a setting
 * that is not used in computations may have such a value, and code that needs a number refuses the string and shows
 * it.
 * @throws FathomError as `parseJson`
 */
export function parsePythonJson(text: string, where: string, expected?: string, hint?: string): unknown {
  let quoted = "";
  let done = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) === quote) at = endOfString(text, at) - 1;
    const word = notFiniteAt(text, at);
    if (word === null) continue;
    quoted += `${text.slice(done, at)}"${word}"`;
    done = at + word.length;
    at = done - 1;
  }
  return parseJson(quoted + text.slice(done), where, expected, hint);
}

function lookOver(text: string, where: string, expected: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const word = notFiniteAt(text, at);
    if (word !== null) throw badInput(where, expected, `${word}, a number that JSON has not`);
    if (unit === quote) at = endOfString(text, at) - 1;
    else if (isOpening(unit)) {
      if (++depth > deepest) throw badInput(where, `JSON that nests at most ${deepest} deep`, "deeper");
    } else if (isClosing(unit)) depth -= 1;
    else if (unit === minus || (unit >= zero && unit <= nine)) {
      const end = endOfNumber(text, at);
      if (Math.abs(Number(text.slice(at, end))) === Infinity)
        throw badInput(where, "numbers that fit in a double", text.slice(at, end));
      at = end - 1;
    }
  }
}

/** The word at `at` if it is one that Python's json writes for a number that JSON does not have; else null. */
function notFiniteAt(text: string, at: number): string | null {
  const unit = text.charCodeAt(at);
  if (unit !== 0x4e && unit !== 0x49 && unit !== minus) return null;
  return ["NaN", "Infinity", "-Infinity"].find((word) => text.startsWith(word, at)) ?? null;
}

/** Whether a code unit is [ or { (`isOpening`), or ] or } (`isClosing`). */
export const isOpening = (unit: number): boolean => unit === 0x5b || unit === 0x7b;
export const isClosing = (unit: number): boolean => unit === 0x5d || unit === 0x7d;

/** The index after the closing quote of the string that opens at `at`; the text's length if it is not closed. */
export function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === quote) return i + 1;
    if (unit === backslash) i += 1;
  }
  return text.length;
}

/** Whether a code unit can be part of a number: a digit, or one of . e E + - */
const isInNumber = (unit: number): boolean =>
  (unit >= zero && unit <= nine) ||
  unit === 0x2e ||
  (unit | 0x20) === 0x65 ||
  unit === 0x2b ||
  unit === minus;

function endOfNumber(text: string, at: number): number {
  let end = at + 1;
  while (isInNumber(text.charCodeAt(end))) end += 1;
  return end;
}
