/** Text without an answer: random mixes of words, letters, scripts or symbols. Each rule reads the whole text once. */

import { count, foreignCount } from "./english.ts";
import { impossiblePair, longestWord } from "./lexicon.ts";
import { type AnswerRule, spanOfWords } from "./rule.ts";

const order = { minWords: 8, maxImpossibleShare: 0.12 };
const noun = { minWords: 10, maxFunctionShare: 0.02 };
const broken = { minWords: 6, maxShare: 0.34, longestWord };
const scripts = { minScripts: 3, minMixedWords: 2 };
const noise = { minUnits: 20, maxShare: 0.6 };

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
      let impossible = 0;
      for (let i = 1; i < words.length; i++) {
        const [first, second] = [words[i - 1]!, words[i]!];
        // Only function words begin such a pair.
        if (!first.type.functionWord || !impossiblePair(first.type.text, second.type.text)) continue;
        if (/^[ ,*_]{1,3}$/.test(reading.text.slice(first.end, second.start))) impossible++;
      }
      return impossible >= 2 && impossible / words.length >= order.maxImpossibleShare
        ? spanOfWords(words)
        : [];
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
      const known = count(reading, ({ functionWord }) => functionWord);
      return known / words.length <= Math.max(noun.maxFunctionShare, 1 / words.length)
        ? spanOfWords(words)
        : [];
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
      const words = count(reading, ({ latin }) => latin);
      if (words < broken.minWords || reading.segments.some((segment) => segment.kind === "code")) return [];
      const bad = count(reading, (type) => type.latin && type.broken);
      const debris = /[#[@_]|0x/.test(reading.text)
        ? (reading.text.match(/##\p{L}|\[unused\d|@\p{L}|\b0x[0-9a-f]|\p{L}_\p{L}/gu)?.length ?? 0)
        : 0;
      return (bad + debris) / words >= broken.maxShare ? spanOfWords(reading.words) : [];
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
      if (reading.ascii || !/[^\p{ASCII}\p{P}\p{S}\s]/u.test(reading.text)) return [];
      const seen = new Set<string>();
      let mixed = 0;
      for (const word of reading.words) {
        const here = scriptsOf(word.type.text);
        for (const script of here) seen.add(script);
        if (here.size > 1) mixed++;
      }
      return seen.size >= scripts.minScripts || mixed >= scripts.minMixedWords
        ? spanOfWords(reading.words)
        : [];
    },
  },
  {
    kind: "answer",
    name: "symbol-noise",
    outcome: "incoherent",
    weight: 0.7,
    note: "More marks than letters and digits.",
    parameters: noise,
    find: ({ text, ascii, segments }) => {
      if (segments.some((segment) => segment.kind === "code")) return [];
      const { visible, marks } = ascii ? asciiMarks(text) : marksOf(text);
      if (visible < noise.minUnits || marks / visible < noise.maxShare) return [];
      // Horizontal rules and empty list markers are markup without text, not noise.
      if (/^[-*_=#>.\s|]*$/.test(text)) return [];
      return [{ start: 0, end: text.length }];
    },
  },
];

/** How many units are no space, and how many characters are no letter, digit or picture. */
function marksOf(text: string): { visible: number; marks: number } {
  const visible = text.replace(/\s/g, "");
  const marks =
    visible.match(/[^\p{L}\p{N}\p{M}\p{Extended_Pictographic}\u200b-\u200f\ufeff]/gu)?.length ?? 0;
  return { visible: visible.length, marks };
}

/** The same, for ASCII text. */
function asciiMarks(text: string): { visible: number; marks: number } {
  let [blank, plain] = [0, 0];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 32 || (code >= 9 && code <= 13)) blank++;
    else if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57)) plain++;
  }
  return { visible: text.length - blank, marks: text.length - blank - plain };
}

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
