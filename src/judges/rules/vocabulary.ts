/**
 * What the rules ask of a word by itself. An answer repeats words, and all answers share them, so each distinct word is
 * looked at once. Two words of one reading are equal if, and only if, their types are one object.
 */
import {
  englishNegations,
  foreignWords,
  functionWords,
  isBroken,
  sharedFunctionWords,
  stemLength,
  stemsOf,
} from "./lexicon.ts";

export interface WordType {
  /** For whoever marks the words of one reading: the number of the last reading in which it was seen. */
  seenIn: number;
  text: string;
  /** Of its units. */
  hash: number;
  /** Whether it is on the list of function words, as it is. */
  functionWord: boolean;
  /** The same without an ending such as 's. */
  inflectedFunctionWord: boolean;
  /** Whether it is a function word or a negation, and no other language has the same word. */
  onlyEnglish: boolean;
  foreign: boolean;
  /** Whether a letter of it is outside ASCII. */
  beyondAscii: boolean;
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

/** A table with room for twice as many words or more. Each is at its hash, or at the next free place behind it. */
let table: (WordType | undefined)[] = [];
let words = 0;
forget();

/** FNV-1a over UTF-16 units, 32 bits. */
export const hashOfNothing = 0x811c9dc5;
export const hashed = (hash: number, code: number): number => Math.imul(hash ^ code, 0x01000193);

export function typeOf(word: string): WordType {
  let hash = hashOfNothing;
  for (let i = 0; i < word.length; i++) hash = hashed(hash, word.charCodeAt(i));
  return typeIn(word, 0, word.length, hash);
}

/** The type of a part of a text. No string is made of it if it is known. @param hash of its units */
export function typeIn(text: string, from: number, to: number, hash: number): WordType {
  let place = placeOf(hash);
  for (let known = table[place]; known !== undefined; known = table[place]) {
    if (known.hash === hash && known.text.length === to - from && text.startsWith(known.text, from))
      return known;
    place = (place + 1) & (table.length - 1);
  }
  const type = newType(text.slice(from, to), hash);
  table[place] = type;
  if (++words * 2 > table.length) enlarge();
  return type;
}

/** To be called where no reading is continued: types of before and after are different objects. */
export function forgetIfFull(): void {
  if (words > most) forget();
}

function forget(): void {
  table = Array.from({ length: 2 ** 16 }, () => undefined);
  words = 0;
}

function enlarge(): void {
  const before = table;
  table = Array.from({ length: 2 * before.length }, () => undefined);
  for (const type of before) {
    if (type === undefined) continue;
    let place = placeOf(type.hash);
    while (table[place] !== undefined) place = (place + 1) & (table.length - 1);
    table[place] = type;
  }
}

/** The low bits of FNV mix least, so the high half is folded in. */
const placeOf = (hash: number): number => (hash ^ (hash >>> 15)) & (table.length - 1);

function newType(text: string, hash: number): WordType {
  const uninflected = text.replace(/'\w{1,2}$/, "");
  return {
    seenIn: 0,
    text,
    hash,
    functionWord: functionWords.has(text),
    inflectedFunctionWord: functionWords.has(uninflected),
    onlyEnglish:
      englishNegations.has(text) || (functionWords.has(uninflected) && !sharedFunctionWords.has(uninflected)),
    foreign: foreignWords.has(text),
    beyondAscii: /[^\P{L}a-z]/u.test(text),
    digits: /^\d+$/.test(text),
    latin: /^\p{Script=Latin}/u.test(text),
    broken: isBroken(text),
    beginnings: text.split("-").map((part) => part.slice(0, stemLength)),
    stems: stemsOf(text),
  };
}
