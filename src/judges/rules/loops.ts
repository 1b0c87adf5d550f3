/** Text that repeats itself: loops, and the same few words again and again. Each rule reads the whole text once. */

import { type AnswerRule, spanOfWords } from "./rule.ts";
import type { Reading, Word } from "./text.ts";
import type { WordType } from "./vocabulary.ts";

const loop = {
  /** The longest repeated phrase that is searched for, in words. */
  longestPeriod: 32,
  /** A phrase is a loop if it occurs four times in a row; a single word, if it occurs eight times. */
  repeats: 4,
  wordRepeats: 8,
  minWords: 12,
  /** The loop must be at least this share of the words. An answer that loops only at its end is still an answer. */
  share: 0.5,
};

/**
 * The longest stretch in which every word equals the word `period` places before it, over all periods; null if it is shorter than
 * `loop.share` of the words. O(words · periods) at worst.
 */
function longestLoop(words: readonly WordType[]): { start: number; end: number; period: number } | null {
  let best: { start: number; end: number; period: number } | null = null;
  // Half of the words or more hold one of the two in the middle, which then returns a period later or was there a period before.
  const middle = [words.length >> 1, (words.length - 1) >> 1];
  for (let period = 1; period <= Math.min(loop.longestPeriod, words.length >> 1); period++) {
    if (!middle.some((at) => words[at] === words[at - period] || words[at] === words[at + period])) continue;
    const needed = period === 1 ? loop.wordRepeats : Math.max(loop.minWords, period * loop.repeats);
    let run = 0;
    for (let i = period; i <= words.length; i++) {
      if (i < words.length && words[i] === words[i - period]) {
        run++;
        continue;
      }
      const length = run + period;
      if (run > 0 && length >= needed && length > (best === null ? 0 : best.end - best.start))
        best = { start: i - length, end: i, period };
      run = 0;
    }
  }
  return best !== null && (best.end - best.start) / words.length >= loop.share ? best : null;
}

function spoken({ words }: Reading): readonly Word[] {
  return words.length < 4 || !words.some(({ type }) => type.digits)
    ? words
    : words.filter(({ type }) => !type.digits);
}

const letters = { longestPeriod: 8, minUnits: 32, share: 0.5 };
const variety = {
  minWords: 20,
  gram: 4,
  maxDistinctShare: 0.6,
  repeatedShare: 0.75,
  lexiconWords: 20,
  maxLexiconShare: 0.35,
};

/** Rules for text that repeats itself. Each span begins where the first repetition begins, and not at what is repeated. */
export const loopRules: AnswerRule[] = [
  {
    kind: "answer",
    name: "phrase-loop",
    outcome: "incoherent",
    weight: 0.9,
    note: "One phrase over and over, list numbers apart.",
    parameters: loop,
    find: (reading) => {
      const words = spoken(reading);
      const found = longestLoop(words.map(({ type }) => type));
      return found === null ? [] : spanOfWords(words, found.start + found.period, found.end);
    },
  },
  {
    kind: "answer",
    name: "letter-loop",
    outcome: "incoherent",
    weight: 0.9,
    note: "One letter, syllable or symbol over and over inside a word.",
    parameters: letters,
    find: ({ text }) => {
      if (!hasLongRun(text)) return [];
      for (let period = 1; period <= letters.longestPeriod; period++) {
        let run = 0;
        for (let i = period; i <= text.length; i++) {
          if (i < text.length && text[i] === text[i - period] && !/\s/.test(text[i]!)) run++;
          else {
            const length = run + period;
            if (run > 0 && length >= letters.minUnits && length >= text.length * letters.share)
              return [{ start: i - length + period, end: i }];
            run = 0;
          }
        }
      }
      return [];
    },
  },
  {
    kind: "answer",
    name: "few-words-shuffled",
    outcome: "incoherent",
    weight: 0.7,
    note: "The same few words or four-word runs again and again, without a fixed period.",
    parameters: variety,
    find: (reading) => {
      const words = reading.words.map(({ type }) => type);
      if (words.length < variety.minWords) return [];
      const grams = mayRepeat(words) ? gramsOf(words) : [];
      const repetitive = grams.length > 0 && new Set(grams).size / grams.length <= variety.maxDistinctShare;
      // Every long text repeats words, so this test looks only at the first words of a short text.
      const poor =
        words.length < 3 * variety.lexiconWords &&
        new Set(words.slice(0, variety.lexiconWords)).size / variety.lexiconWords <= variety.maxLexiconShare;
      if (!repetitive && !poor) return [];
      return spanOfWords(reading.words, repetitive ? firstRepeat(grams) : 0);
    },
  },
];

let readings = 0;

/** False if there are too few grams in which every word was there before. Grams that were there before are among them. */
function mayRepeat(words: readonly WordType[]): boolean {
  readings++;
  let [known, old] = [0, 0];
  for (const word of words) {
    known = word.seenIn === readings ? known + 1 : 0;
    word.seenIn = readings;
    if (known >= variety.gram) old++;
  }
  const grams = words.length - variety.gram + 1;
  return (grams - old) / grams <= variety.maxDistinctShare;
}

function gramsOf(words: readonly WordType[]): string[] {
  const grams: string[] = [];
  for (let i = 0; i + variety.gram <= words.length; i++)
    grams.push(
      words
        .slice(i, i + variety.gram)
        .map(({ text }) => text)
        .join(" "),
    );
  return grams;
}

/** The index of the gram from which most of the grams to the end were there before; else of the first that was. */
function firstRepeat(grams: readonly string[]): number {
  const seen = new Set<string>();
  const old = grams.map((gram) => {
    const known = seen.has(gram);
    seen.add(gram);
    return known;
  });
  let repeated = 0;
  let first = old.indexOf(true);
  for (let i = grams.length - 1; i >= 0; i--) {
    if (old[i]!) repeated++;
    if (old[i]! && repeated / (grams.length - i) >= variety.repeatedShare) first = i;
  }
  return first;
}

/** Whether a run without a space is long enough to hold a loop of letters. */
function hasLongRun(text: string): boolean {
  let from = 0;
  while (from + letters.minUnits <= text.length) {
    // If the last blank of the window is found, no run through it is long enough.
    let blank = from + letters.minUnits - 1;
    while (blank >= from && !/\s/.test(text[blank]!)) blank--;
    if (blank < from) return true;
    from = blank + 1;
  }
  return false;
}
