/**
 * JSON from strangers. JSON.parse takes any depth (in gigabytes) and any exponent, and what walks over the value
 * afterwards does not; so the text is looked over first, once, for every file.
 */
import { badInput } from "../../core/errors.ts";

/** Real configurations, tokenizers and records nest less than 20 deep; recursion fails from some thousands on. */
export const deepest = 100;

const [quote, backslash, minus, nine, zero] = [0x22, 0x5c, 0x2d, 0x39, 0x30];

/**
 * @param where to begin messages with
 * @param expected what the text should be, and what to try when it is not
 * @throws FathomError when the text is not JSON, nests too deeply, or holds a number that no double is
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
 * JSON as Python writes it: a bare NaN, Infinity or -Infinity is read as the text of that name, so that a setting which
 * nothing computes with may be one, and whoever wants a number refuses it by what it is.
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

/** What Python's json writes for numbers that JSON has not, where one begins outside of a string. */
function notFiniteAt(text: string, at: number): string | null {
  const unit = text.charCodeAt(at);
  if (unit !== 0x4e && unit !== 0x49 && unit !== minus) return null;
  return ["NaN", "Infinity", "-Infinity"].find((word) => text.startsWith(word, at)) ?? null;
}

/** [ and {; ] and }. */
export const isOpening = (unit: number): boolean => unit === 0x5b || unit === 0x7b;
export const isClosing = (unit: number): boolean => unit === 0x5d || unit === 0x7d;

/** Behind the closing quote of the string that opens at `at`, or the text's end. */
export function endOfString(text: string, at: number): number {
  for (let i = at + 1; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === quote) return i + 1;
    if (unit === backslash) i += 1;
  }
  return text.length;
}

/** Digits, and . e E + - among them. */
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
