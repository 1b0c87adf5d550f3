/**
 * Text without an answer: loops, and random mixes of words, letters, scripts or symbols. Each rule reads the whole
 * text once.
 */

import { memo } from "../../core/memo.ts";
import { foreignCount, functionWords, impossiblePair } from "./lexicon.ts";
import type { AnswerRule, Span } from "./rule.ts";
import type { Reading, Word } from "./text.ts";

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
 * The longest stretch in which every word equals the word `period` places before it, over all periods. O(words ·
 * periods).
 */
function longestLoop(words: readonly string[]): { start: number; end: number; period: number } | null {
  let best: { start: number; end: number; period: number } | null = null;
  for (let period = 1; period <= Math.min(loop.longestPeriod, words.length >> 1); period++) {
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
  return best;
}

function spoken(reading: Reading): Word[] {
  return reading.words.filter((word) => !/^\d+$/.test(word.text) || reading.words.length < 4);
}

function over(words: readonly Word[], from = 0, to = words.length): Span[] {
  return words.length === 0 ? [] : [{ start: words[from]!.start, end: words[to - 1]!.end }];
}

/** Only a run without a space can hold a loop of letters. */
const longRun = /\S{32}/;
const letters = { longestPeriod: 8, minUnits: 32, share: 0.5 };
const variety = {
  minWords: 20,
  gram: 4,
  maxDistinctShare: 0.6,
  repeatedShare: 0.75,
  lexiconWords: 20,
  maxLexiconShare: 0.35,
};
const order = { minWords: 8, maxImpossibleShare: 0.12 };
const noun = { minWords: 10, maxFunctionShare: 0.02 };
const broken = { minWords: 6, maxShare: 0.34, longestWord: 32 };
/** Abbreviations without a vowel that occur in prose. */
const vowelless = new Set(
  "mr mrs ms dr st vs km cm mm kg ml tv pm hr ft lb nd rd th ph tsp tbsp pdf html css".split(" "),
);
const scripts = { minScripts: 3, minMixedWords: 2 };
const noise = { minUnits: 20, maxShare: 0.6 };

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
      const found = longestLoop(words.map((word) => word.text));
      if (found === null || (found.end - found.start) / words.length < loop.share) return [];
      return over(words, found.start + found.period, found.end);
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
      if (!longRun.test(text)) return [];
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
      const words = reading.words.map((word) => word.text);
      if (words.length < variety.minWords) return [];
      const grams = gramsOf(words);
      const repetitive = new Set(grams).size / grams.length <= variety.maxDistinctShare;
      // Every long text repeats words, so this test looks only at the first words of a short text.
      const head = words.slice(0, variety.lexiconWords);
      const poor =
        words.length < 3 * variety.lexiconWords &&
        new Set(head).size / head.length <= variety.maxLexiconShare;
      if (!repetitive && !poor) return [];
      return over(reading.words, repetitive ? firstRepeat(grams) : 0);
    },
  },
];

function gramsOf(words: readonly string[]): string[] {
  const grams: string[] = [];
  for (let i = 0; i + variety.gram <= words.length; i++)
    grams.push(`${words[i]!} ${words[i + 1]!} ${words[i + 2]!} ${words[i + 3]!}`);
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

const brokenWords = memo(
  (text: string) =>
    text.length > broken.longestWord ||
    (text.length > 1 && !/[aeiouy\d\u00c0-\u024f]/.test(text) && !vowelless.has(text)) ||
    /[bcdfghjklmnpqrstvwxz]{6}|(\p{L})\1\1/u.test(text),
);

/** Rules for text without a sentence. */
export const noiseRules: AnswerRule[] = [
  {
    kind: "answer",
    name: "impossible-order",
    outcome: "incoherent",
    weight: 0.8,
    note: "Neighbours that no English sentence has ('the of', 'and and').",
    parameters: order,
    find: (reading) => {
      const words = reading.words;
      if (words.length < order.minWords) return [];
      const pairs = words.slice(1).filter((word, i) => {
        const gap = reading.text.slice(words[i]!.end, word.start);
        return /^[ ,*_]{1,3}$/.test(gap) && impossiblePair(words[i]!.text, word.text);
      }).length;
      return pairs >= 2 && pairs / words.length >= order.maxImpossibleShare ? over(words) : [];
    },
  },
  {
    kind: "answer",
    name: "bare-words",
    outcome: "incoherent",
    weight: 0.6,
    note: "A run of English-looking words with no sentence: no function word, no mark between them, no list.",
    parameters: noun,
    find: (reading) => {
      const words = reading.words;
      if (words.length < noun.minWords || reading.segments.some((segment) => segment.kind !== "prose"))
        return [];
      if (!/^[a-z\s]+[.!]?\s*$/i.test(reading.text) || foreignCount(reading) > 0) return [];
      const known = words.filter((word) => functionWords.has(word.text)).length;
      return known / words.length <= Math.max(noun.maxFunctionShare, 1 / words.length) ? over(words) : [];
    },
  },
  {
    kind: "answer",
    name: "broken-words",
    outcome: "incoherent",
    weight: 0.8,
    note: "Latin words without a vowel or with runs that no word has, and word-piece debris.",
    parameters: broken,
    find: (reading) => {
      const words = reading.words.filter((word) => /^\p{Script=Latin}/u.test(word.text));
      const debris = reading.text.match(/##\p{L}|\[unused\d|@\p{L}|\b0x[0-9a-f]|\p{L}_\p{L}/gu)?.length ?? 0;
      if (words.length < broken.minWords || reading.segments.some((segment) => segment.kind === "code"))
        return [];
      const bad = words.filter(({ text }) => brokenWords(text)).length;
      return (bad + debris) / words.length >= broken.maxShare ? over(reading.words) : [];
    },
  },
  {
    kind: "answer",
    name: "script-mixing",
    outcome: "incoherent",
    weight: 0.8,
    note: "Several writing systems, or several within one word.",
    parameters: scripts,
    find: (reading) => {
      if (!/[^\p{ASCII}\p{P}\p{S}\s]/u.test(reading.text)) return [];
      const seen = new Set<string>();
      let mixed = 0;
      for (const word of reading.words) {
        const here = scriptsOf(word.text);
        for (const script of here) seen.add(script);
        if (here.size > 1) mixed++;
      }
      return seen.size >= scripts.minScripts || mixed >= scripts.minMixedWords ? over(reading.words) : [];
    },
  },
  {
    kind: "answer",
    name: "symbol-noise",
    outcome: "incoherent",
    weight: 0.7,
    note: "More marks than letters and digits.",
    parameters: noise,
    find: ({ text, segments }) => {
      if (segments.some((segment) => segment.kind === "code")) return [];
      const visible = text.replace(/\s/g, "");
      const marks =
        visible.match(/[^\p{L}\p{N}\p{M}\p{Extended_Pictographic}\u200b-\u200f\ufeff]/gu)?.length ?? 0;
      if (visible.length < noise.minUnits || marks / visible.length < noise.maxShare) return [];
      // Horizontal rules and empty list markers are markup without text, not noise.
      if (/^[-*_=#>.\s|]*$/.test(text)) return [];
      return [{ start: 0, end: text.length }];
    },
  },
];

const scriptTests: readonly (readonly [string, RegExp])[] = [
  ["Latin", /\p{Script=Latin}/u],
  ["Cyrillic", /\p{Script=Cyrillic}/u],
  ["Greek", /\p{Script=Greek}{2}/u],
  // Japanese text mixes three of Unicode's scripts; Korean and Chinese share one. So all count as one script here.
  ["East Asian", /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}/u],
  ["Arabic", /\p{Script=Arabic}/u],
  ["Hebrew", /\p{Script=Hebrew}/u],
  ["Indic", /\p{Script=Devanagari}|\p{Script=Bengali}|\p{Script=Tamil}|\p{Script=Telugu}/u],
  ["Thai", /\p{Script=Thai}/u],
];

function scriptsOf(word: string): Set<string> {
  return new Set(scriptTests.filter(([, test]) => test.test(word)).map(([name]) => name));
}
