/** Whether a text is English, the only language that the rules read. */

import { memo } from "../../core/memo.ts";
import type { Reading } from "./text.ts";
import { typeOf, type WordType } from "./vocabulary.ts";

export const english = {
  /**
   * A text with a smaller share of function words does not count as English (English prose has 0.35 to 0.5, lists
   * less).
   */
  share: 0.1,
  /** A text with fewer words than this counts as English unless it shows words of another language. */
  words: 5,
  /** A text with as many words has a function word that only English has. */
  ownWords: 16,
};

/** How many words have a trait. */
export function count(reading: Reading, has: (type: WordType) => boolean): number {
  let sum = 0;
  for (const { type } of reading.words) if (has(type)) sum++;
  return sum;
}

/** How many words belong to another language in Latin letters. */
export function foreignCount(reading: Reading): number {
  return count(reading, ({ foreign }) => foreign);
}

/** The reading that was asked for last. Several rules ask, so the answer is kept. */
let last: { reading: Reading; english: boolean } | null = null;

/** Whether the rules can read this text at all. Its code is no language. */
export function isEnglish(reading: Reading): boolean {
  if (last?.reading !== reading) last = { reading, english: looksEnglish(reading) };
  return last.english;
}

function looksEnglish({ text, ascii, segments }: Reading): boolean {
  if (!ascii && isForeignScript(text)) return false;
  const tally = emptyTally();
  for (const segment of segments)
    if (segment.kind !== "code") for (const { type, start } of segment.words) add(tally, type, text[start]!);
  return isOfEnglish(tally);
}

/** The same of a text that nobody else reads, such as a prompt. */
export const isEnglishText = memo((text: string): boolean => {
  if (isForeignScript(text)) return false;
  const tally = emptyTally();
  for (const [word] of text.matchAll(/[\p{L}\p{N}\p{M}]+(?:['’-][\p{L}\p{N}\p{M}]+)*/gu))
    add(tally, typeOf(word.toLowerCase().replaceAll("’", "'")), word[0]!);
  return isOfEnglish(tally);
});

/** How many words there are, how many of them are function words, signs of English alone, and signs of another language. */
interface Tally {
  words: number;
  known: number;
  own: number;
  foreign: number;
}

const emptyTally = (): Tally => ({ words: 0, known: 0, own: 0, foreign: 0 });

function add(tally: Tally, type: WordType, begins: string): void {
  tally.words++;
  if (type.inflectedFunctionWord) tally.known++;
  if (type.onlyEnglish) tally.own++;
  // A name may have any letter.
  if (type.foreign || (type.beyondAscii && !isCapital(begins))) tally.foreign++;
}

function isOfEnglish({ words, known, own, foreign }: Tally): boolean {
  if (foreign > own) return false;
  if (words < english.words) return true;
  return known / words >= english.share && (own > 0 || words < english.ownWords);
}

const isCapital = (unit: string): boolean => unit !== unit.toLowerCase();

/** Whether less than half of the letters are Latin. */
function isForeignScript(text: string): boolean {
  if (!/[^\P{L}a-zA-Z]/u.test(text)) return false;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return latin < letters / 2;
}
