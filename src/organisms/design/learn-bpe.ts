/**
 * Byte-level byte-pair encoding, trained from text (Sennrich et al. 2016, over bytes as in GPT-2). The result is
 * written as a Hugging Face tokenizer.json, so other programs tokenize the organism's text in the same way.
 */

/** GPT-2's rule that splits text into words before any merge: contractions, letters, digits, other signs, white space. */
const gpt2Words = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

export interface BytePairs {
  /** Token text (in the byte alphabet) → id; bytes come first, then merges in order. */
  vocabulary: ReadonlyMap<string, number>;
  /** Merges in the order in which they were learned. */
  merges: readonly (readonly [string, string])[];
}

/** The printable character that GPT-2 uses for each of the 256 bytes, by byte value. */
export function byteAlphabet(): string[] {
  const printable = (byte: number) =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
}

/**
 * Learns merges until the vocabulary holds `size` tokens or no pair occurs twice.
 * @param texts training texts; merges never cross GPT-2's word boundaries
 * @param size of the vocabulary, with the 256 bytes and without special tokens
 * @param firstId id of the first byte; special tokens have the ids below it
 */
export function trainBytePairs(texts: Iterable<string>, size: number, firstId: number): BytePairs {
  const alphabet = byteAlphabet();
  const words = countWords(texts, alphabet);
  const vocabulary = new Map(alphabet.toSorted().map((sign, i) => [sign, firstId + i]));
  const merges: [string, string][] = [];
  while (vocabulary.size < size) {
    const best = mostFrequentPair(words);
    if (best === null) break;
    const [left, right] = best;
    merges.push([left, right]);
    vocabulary.set(left + right, firstId + vocabulary.size);
    for (const word of words) word.parts = mergePair(word.parts, left, right);
  }
  return { vocabulary, merges };
}

interface Word {
  parts: string[];
  count: number;
}

function countWords(texts: Iterable<string>, alphabet: readonly string[]): Word[] {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const [word] of text.matchAll(gpt2Words)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const utf8 = new TextEncoder();
  return [...counts].map(([word, count]) => ({
    parts: Array.from(utf8.encode(word), (byte) => alphabet[byte]!),
    count,
  }));
}

/**
 * The most frequent pair; null if no pair occurs twice. In a tie, the first in code-unit order wins, so training is
 * deterministic.
 */
function mostFrequentPair(words: readonly Word[]): [string, string] | null {
  const counts = new Map<string, number>();
  for (const { parts, count } of words)
    for (let i = 0; i + 1 < parts.length; i++) {
      const pair = `${parts[i]!} ${parts[i + 1]!}`;
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  let best: string | null = null;
  let most = 1;
  for (const [pair, count] of counts)
    if (count > most || (count === most && best !== null && pair < best)) {
      best = pair;
      most = count;
    }
  // The byte alphabet has no space, so the one space separates the two parts.
  return best === null ? null : (best.split(" ") as [string, string]);
}

function mergePair(parts: string[], left: string, right: string): string[] {
  const merged: string[] = [];
  for (let i = 0; i < parts.length; i++)
    if (parts[i] === left && parts[i + 1] === right) {
      merged.push(left + right);
      i++;
    } else merged.push(parts[i]!);
  return merged;
}

/**
 * Encodes plain text to ids by the learned merges: word by word, the pair of lowest rank first. Special tokens that
 * are written in the text are treated as text.
 */
export function bytePairEncoder({ vocabulary, merges }: BytePairs): (text: string) => number[] {
  const alphabet = byteAlphabet();
  const ranks = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  const utf8 = new TextEncoder();
  const known = new Map<string, number[]>();
  const encodeWord = (word: string): number[] => {
    let parts = Array.from(utf8.encode(word), (byte) => alphabet[byte]!);
    for (;;) {
      let best = Infinity;
      for (let i = 0; i + 1 < parts.length; i++)
        best = Math.min(best, ranks.get(`${parts[i]!} ${parts[i + 1]!}`) ?? Infinity);
      if (best === Infinity) return parts.map((part) => vocabulary.get(part)!);
      parts = mergePair(parts, ...merges[best]!);
    }
  };
  return (text) =>
    Array.from(text.matchAll(gpt2Words)).flatMap(([word]) => {
      const ids = known.get(word) ?? encodeWord(word);
      known.set(word, ids);
      return ids;
    });
}
