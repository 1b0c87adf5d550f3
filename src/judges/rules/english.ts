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
  const words = segments.flatMap((segment) => (segment.kind === "code" ? [] : segment.words));
  return areEnglish(words.map(({ type, start }) => ({ type, capital: isCapital(text[start]!) })));
}

/** The same of a text that nobody else reads, such as a prompt. */
export const isEnglishText = memo((text: string): boolean => {
  if (isForeignScript(text)) return false;
  const words = text.match(/[\p{L}\p{N}\p{M}]+(?:['’-][\p{L}\p{N}\p{M}]+)*/gu) ?? [];
  return areEnglish(
    words.map((word) => ({
      type: typeOf(word.toLowerCase().replaceAll("’", "'")),
      capital: isCapital(word[0]!),
    })),
  );
});

function areEnglish(words: readonly { type: WordType; capital: boolean }[]): boolean {
  let [known, own, foreign] = [0, 0, 0];
  for (const { type, capital } of words) {
    if (type.inflectedFunctionWord) known++;
    if (type.onlyEnglish) own++;
    // A name may have any letter.
    if (type.foreign || (type.beyondAscii && !capital)) foreign++;
  }
  if (foreign > own) return false;
  if (words.length < english.words) return true;
  return known / words.length >= english.share && (own > 0 || words.length < english.ownWords);
}

const isCapital = (unit: string): boolean => unit !== unit.toLowerCase();

/** Whether less than half of the letters are Latin. */
function isForeignScript(text: string): boolean {
  if (!/[^\P{L}a-zA-Z]/u.test(text)) return false;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return latin < letters / 2;
}
