/** Whether a text is English, the only language that the rules read. */

import type { Reading } from "./text.ts";
import type { WordType } from "./vocabulary.ts";

export const english = {
  /**
   * A text with a smaller share of function words does not count as English (English prose has 0.35 to 0.5, lists
   * less).
   */
  share: 0.1,
  /** A text with fewer words than this always counts as English. */
  words: 5,
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

/** Whether the rules can read this text at all. */
export function isEnglish(reading: Reading): boolean {
  if (last?.reading !== reading) last = { reading, english: looksEnglish(reading) };
  return last.english;
}

function looksEnglish(reading: Reading): boolean {
  if (isForeignScript(reading)) return false;
  const inCode = reading.segments.some((segment) => segment.kind === "code");
  if (reading.words.length < english.words || inCode) return true;
  const known = count(reading, ({ inflectedFunctionWord }) => inflectedFunctionWord);
  if (foreignCount(reading) > known) return false;
  return known / reading.words.length >= english.share;
}

/** Whether less than half of the letters are Latin. */
function isForeignScript({ text, ascii }: Reading): boolean {
  if (ascii || !/[^\P{L}a-zA-Z]/u.test(text)) return false;
  const letters = text.match(/\p{L}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}/gu)?.length ?? 0;
  return latin < letters / 2;
}
