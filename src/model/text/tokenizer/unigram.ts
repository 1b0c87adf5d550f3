/**
 * SentencePiece's unigram model (Kudo 2018, arXiv 1804.10959) as Rust's tokenizers compute it: the segmentation of a word
 * with the highest sum of scores; among equals, the one found first. A character that no piece covers is unknown, with a
 * score of ten below the lowest score. Consecutive unknown characters are one piece. With "byte_fallback" this piece
 * becomes its bytes, if the vocabulary has all of them.
 */
import { byteToken } from "./byte-fallback.ts";

const unknownPenalty = 10;

/**
 * Tokens with their scores. A token's id is its index in the list.
 * If a token is listed twice, the later index is its id.
 */
type Vocabulary = readonly (readonly [token: string, score: number])[];

interface UnigramSettings {
  vocab: Vocabulary;
  /** If null, a text with a character that no piece covers cannot be encoded. */
  unk_id?: number | null;
  byte_fallback?: boolean;
}

/** @throws Error when the settings are not those of a unigram model */
export function unigram(settings: UnigramSettings): (words: readonly string[]) => string[] {
  const { vocab, byte_fallback: fallsBack = false } = settings;
  const unknownId = settings.unk_id ?? null;
  const entries: unknown = vocab;
  if (!Array.isArray(entries) || entries.length === 0)
    throw new Error("a Unigram model without a vocabulary");
  for (const entry of entries as unknown[])
    if (!Array.isArray(entry) || typeof entry[0] !== "string" || typeof entry[1] !== "number")
      throw new Error("a Unigram model whose vocabulary is not a list of tokens with scores");
  const unknown = unknownId === null ? null : (vocab[unknownId]?.[0] ?? null);
  if (unknownId !== null && unknown === null) throw new Error("a Unigram model whose unk_id is no token");
  const ids = new Map(vocab.map(([token], id) => [token, id]));
  const trie = new Trie(vocab.map(([token]) => token));
  const lowest = vocab.reduce((least, [, score]) => Math.min(least, score), Infinity);
  const none = (): never => {
    throw new Error("a Unigram model without an unknown token, and a text that its pieces do not cover");
  };
  const best = (word: string): string[] => {
    const score = new Float64Array(word.length + 1);
    const from = new Int32Array(word.length + 1).fill(-1);
    const isUnknown = new Uint8Array(word.length + 1);
    const reach = (start: number, end: number, gain: number, unknown: boolean) => {
      const sum = gain + score[start]!;
      if (from[end] !== -1 && sum <= score[end]!) return;
      score[end] = sum;
      from[end] = start;
      isUnknown[end] = unknown ? 1 : 0;
    };
    for (let at = 0; at < word.length; ) {
      const next = at + (word.codePointAt(at)! > 0xffff ? 2 : 1);
      let isCovered = false;
      for (const end of trie.ends(word, at)) {
        const id = ids.get(word.slice(at, end))!;
        reach(at, end, vocab[id]![1], id === unknownId);
        isCovered ||= end === next;
      }
      if (!isCovered) {
        if (unknownId === null) none();
        reach(at, next, lowest - unknownPenalty, true);
      }
      at = next;
    }
    return pieces(word, from, isUnknown);
  };
  return (words) =>
    words.flatMap((word) =>
      best(word).flatMap((piece) => {
        if (ids.has(piece)) return [piece];
        const bytes = fallsBack ? [...Buffer.from(piece)].map(byteToken) : [];
        if (fallsBack && bytes.every((token) => ids.has(token))) return bytes;
        return [unknown ?? none()];
      }),
    );
}

/** The pieces of the best path. Consecutive unknown characters are one piece. */
function pieces(word: string, from: Int32Array, isUnknown: Uint8Array): string[] {
  const found: string[] = [];
  for (let end = word.length; end > 0; ) {
    let start = from[end]!;
    if (isUnknown[end] === 1) while (start > 0 && isUnknown[start] === 1) start = from[start]!;
    found.push(word.slice(start, end));
    end = start;
  }
  return found.reverse();
}

/** A trie over UTF-16 units. It is one table, because a vocabulary has a million nodes. */
class Trie {
  readonly #next = new Map<number, number>();
  readonly #isEnd: boolean[] = [false];

  constructor(tokens: readonly string[]) {
    for (const token of tokens) {
      if (token === "") continue;
      let node = 0;
      for (let i = 0; i < token.length; i++) {
        const key = node * 0x10000 + token.charCodeAt(i);
        let next = this.#next.get(key);
        if (next === undefined) {
          next = this.#isEnd.length;
          this.#next.set(key, next);
          this.#isEnd.push(false);
        }
        node = next;
      }
      this.#isEnd[node] = true;
    }
  }

  /** The ends of all tokens that begin at `at`, the shortest first. */
  *ends(text: string, at: number): Generator<number> {
    let node = 0;
    for (let i = at; i < text.length; i++) {
      const next = this.#next.get(node * 0x10000 + text.charCodeAt(i));
      if (next === undefined) return;
      node = next;
      if (this.#isEnd[node] === true) yield i + 1;
    }
  }
}
