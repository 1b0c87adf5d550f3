/**
 * Byte-pair encoding (Sennrich et al. 2016, arXiv 1508.07909) as Rust's tokenizers compute it: merges join ids, so
 * unknown letters are found before any merge. @huggingface/tokenizers 0.2.0 merges spellings, does not support
 * "continuing_subword_prefix", and fuses unknown letters of different words.
 */
import { byteToken } from "./byte-fallback.ts";
import { mostTokens } from "./tokenizer-files.ts";

interface BpeSettings {
  vocab: Readonly<Record<string, number>>;
  /** In the order of their ranks. Older files write a pair as "left right". */
  merges: readonly (readonly [left: string, right: string] | string)[];
  unk_token?: string | null;
  /** Prefix of every letter of a word except the first. */
  continuing_subword_prefix?: string | null;
  /** Suffix of the last letter of a word. */
  end_of_word_suffix?: string | null;
  /** Whether consecutive unknown letters are one token. */
  fuse_unk?: boolean;
  /** Whether an unknown letter becomes its bytes, when the vocabulary has all of them. */
  byte_fallback?: boolean;
  /** Whether a word that is in the vocabulary becomes one token before any merge. */
  ignore_merges?: boolean;
  /** Share of merges that are left out at random. */
  dropout?: number | null;
}

/** Limits of the cache: the length of a word in UTF-16 units, and the number of words. */
const remembered = { length: 256, words: 10_000 };

/** Ids are below this number, and so are places in a word. */
const wide = mostTokens;

/** @throws Error when the settings are not those of a BPE model */
export function bpe(settings: BpeSettings): (words: readonly string[]) => string[] {
  if (typeof settings.dropout === "number" && settings.dropout > 0)
    throw new Error(`a BPE model whose "dropout" is ${settings.dropout}: its ids are random`);
  if (!Array.isArray(settings.merges)) throw new Error("a BPE model without merges");
  const ids = new Map(Object.entries(settings.vocab));
  const spellings: string[] = [];
  for (const [token, id] of ids) {
    if (!Number.isInteger(id) || id < 0)
      throw new Error(`an id that is not a whole number from 0: ${JSON.stringify(id)}`);
    spellings[id] = token;
  }
  const merges = mergesOf(settings, ids);
  const lettersOf = letters(settings, ids);
  const cache = new Map<string, readonly string[]>();
  const tokensOf = (word: string): readonly string[] => {
    if (settings.ignore_merges === true && ids.has(word)) return [word];
    const known = cache.get(word);
    if (known !== undefined) return known;
    const tokens = merged(lettersOf(word), merges).map((id) => spellings[id]!);
    if (cache.size >= remembered.words) cache.clear();
    if (word.length <= remembered.length) cache.set(word, tokens);
    return tokens;
  };
  return (words) => words.flatMap(tokensOf);
}

/** The merges: the rank of every pair, and the id that the pair of each rank becomes. */
interface Merges {
  /** Rank by left id · wide + right id. */
  ranks: ReadonlyMap<number, number>;
  results: readonly number[];
}

function mergesOf(settings: BpeSettings, ids: ReadonlyMap<string, number>): Merges {
  const ranks = new Map<number, number>();
  const prefix = (settings.continuing_subword_prefix ?? "").length;
  const idOf = (token: string): number => {
    const id = ids.get(token);
    if (id === undefined)
      throw new Error(`a merge with ${JSON.stringify(token)}, which the vocabulary does not have`);
    return id;
  };
  const results: number[] = [];
  for (const said of settings.merges) {
    if (typeof said === "string" && said.startsWith("#version")) continue;
    const pair = typeof said === "string" ? said.split(" ") : said;
    const [left, right] = [pair[0], pair[1]];
    if (pair.length !== 2 || typeof left !== "string" || typeof right !== "string")
      throw new Error(`a merge that is not of two tokens: ${JSON.stringify(said)}`);
    ranks.set(idOf(left) * wide + idOf(right), results.length);
    results.push(idOf(left + (prefix === 0 ? right : right.slice(prefix))));
  }
  return { ranks, results };
}

/** @returns a function from a word to the ids before any merge, one per letter or byte */
function letters(settings: BpeSettings, ids: ReadonlyMap<string, number>): (word: string) => number[] {
  const { unk_token: unknownToken, continuing_subword_prefix: prefix, end_of_word_suffix: suffix } = settings;
  const isUnknownKept = unknownToken !== null && unknownToken !== undefined;
  const unknown = () => {
    const id = isUnknownKept ? ids.get(unknownToken) : undefined;
    if (id === undefined)
      throw new Error(`a BPE model whose vocabulary lacks its own ${String(unknownToken)}`);
    return id;
  };
  return (word) => {
    const found: number[] = [];
    let isPending = false;
    const all = Array.from(word);
    for (const [i, letter] of all.entries()) {
      const spelled = (i > 0 ? (prefix ?? "") : "") + letter + (i === all.length - 1 ? (suffix ?? "") : "");
      const id = ids.get(spelled);
      if (id !== undefined) {
        if (isPending) found.push(unknown());
        isPending = false;
        found.push(id);
        continue;
      }
      const bytes =
        settings.byte_fallback === true
          ? Array.from(Buffer.from(spelled), (byte) => ids.get(byteToken(byte)))
          : [];
      if (bytes.length > 0 && bytes.every((byte) => byte !== undefined)) {
        // In Rust, an unknown letter that is still pending comes after these bytes.
        found.push(...bytes);
        continue;
      }
      if (isPending && settings.fuse_unk !== true) found.push(unknown());
      isPending = isUnknownKept;
    }
    if (isPending) found.push(unknown());
    return found;
  };
}

/** Repeatedly joins the pair of the lowest rank, the leftmost first, until no pair is left. */
function merged(start: readonly number[], { ranks, results }: Merges): number[] {
  const ids = [...start];
  const next = Int32Array.from(ids, (_, i) => i + 1);
  const before = Int32Array.from(ids, (_, i) => i - 1);
  const gone = new Uint8Array(ids.length);
  const queue = new Lowest();
  const rankAt = (at: number) => ranks.get(ids[at]! * wide + ids[next[at]!]!);
  const offer = (at: number) => {
    const rank = next[at]! < ids.length ? rankAt(at) : undefined;
    if (rank !== undefined) queue.add(rank * wide + at);
  };
  for (let at = 0; at < ids.length - 1; at++) offer(at);
  for (let top = queue.take(); top !== undefined; top = queue.take()) {
    const [rank, at] = [Math.floor(top / wide), top % wide];
    if (gone[at] === 1 || next[at]! >= ids.length) continue;
    const now = rankAt(at);
    // The pair may have changed since it was queued. It is still joined if the resulting token is the same.
    if (now === undefined || results[now] !== results[rank]) continue;
    const right = next[at]!;
    ids[at] = results[rank]!;
    gone[right] = 1;
    next[at] = next[right]!;
    if (next[at] < ids.length) before[next[at]] = at;
    if (before[at]! >= 0) offer(before[at]!);
    offer(at);
  }
  return ids.filter((_, at) => gone[at] === 0);
}

/** A binary heap: `take` gives the lowest number. */
class Lowest {
  readonly #heap: number[] = [];

  add(value: number): void {
    const heap = this.#heap;
    let at = heap.length;
    for (let parent = (at - 1) >> 1; at > 0 && heap[parent]! > value; parent = (at - 1) >> 1) {
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = value;
  }

  take(): number | undefined {
    const heap = this.#heap;
    const lowest = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return lowest;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child += 1;
      if (heap[child]! >= last) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return lowest;
  }
}
