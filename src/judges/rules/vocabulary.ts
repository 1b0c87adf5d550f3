/**
 * What the rules ask of a word by itself. An answer repeats words, and all answers share them, so each distinct word is
 * looked at once. Two words of one reading are equal if, and only if, their types are one object.
 */
import { foreignWords, functionWords, isBroken, stemLength, stemsOf } from "./lexicon.ts";

export interface WordType {
  /** For whoever marks the words of one reading: the number of the last reading in which it was seen. */
  seenIn: number;
  text: string;
  /** Whether it is on the list of function words, as it is. */
  functionWord: boolean;
  /** The same without an ending such as 's. */
  inflectedFunctionWord: boolean;
  foreign: boolean;
  digits: boolean;
  latin: boolean;
  /** Latin letters that no word has. */
  broken: boolean;
  /** The beginnings of its parts, where a hyphen divides it. */
  beginnings: readonly string[];
  /** The beginnings of its parts that carry meaning. */
  stems: readonly string[];
}

/** The vocabulary begins anew after this many distinct words, but only between two answers. */
const most = 20_000;
let types = new Map<string, WordType>();

export function typeOf(text: string): WordType {
  const known = types.get(text);
  if (known !== undefined) return known;
  const type = {
    seenIn: 0,
    text,
    functionWord: functionWords.has(text),
    inflectedFunctionWord: functionWords.has(text.replace(/'\w{1,2}$/, "")),
    foreign: foreignWords.has(text),
    digits: /^\d+$/.test(text),
    latin: /^\p{Script=Latin}/u.test(text),
    broken: isBroken(text),
    beginnings: text.split("-").map((part) => part.slice(0, stemLength)),
    stems: stemsOf(text),
  };
  types.set(text, type);
  return type;
}

/** To be called where no reading is continued: types of before and after are different objects. */
export function forgetIfFull(): void {
  if (types.size > most) types = new Map();
}
