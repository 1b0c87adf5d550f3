/**
 * Says which of many patterns can match a text at all, in one pass over it: an automaton finds the patterns' needles (Aho & Corasick,
 * Efficient string matching, 1975).
 */
import { isWordUnit, needlesOf, symbols } from "./needles.ts";

/** Units of text that a needle can hold are below this. */
const mostUnits = 128;
const [edge, start, end] = [symbols.edge, symbols.start, symbols.end].map((symbol) =>
  symbol.charCodeAt(0),
) as [number, number, number];

/** @returns for a text in lower case, the indices of the patterns that can match it, in order. Others cannot. */
export function sieveOf(patterns: readonly RegExp[]): (text: string) => number[] {
  let built: Automaton | null = null;
  return (text) => {
    built ??= automaton(patterns.map(needlesOf));
    const { width, column, next, ends, found, lists, missing, seen } = built;
    const possible = [...built.always];
    const touched: number[] = [];
    const add = (state: number) => {
      for (const list of found[state]!) {
        if (seen[list] === 1) continue;
        seen[list] = 1;
        touched.push(list);
        const pattern = lists[list]!;
        if (--missing[pattern]! === 0) possible.push(pattern);
      }
    };
    const edgeColumn = column[edge]!;
    let state = next[column[start]!]!;
    let inWord = 0;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      const isWord = code < mostUnits ? wordUnits[code]! : 0;
      if (isWord !== inWord) {
        state = next[state * width + edgeColumn]!;
        if (ends[state] === 1) add(state);
        inWord = isWord;
      }
      state = next[state * width + (code < mostUnits ? column[code]! : 0)]!;
      if (ends[state] === 1) add(state);
    }
    if (inWord === 1) {
      state = next[state * width + edgeColumn]!;
      add(state);
    }
    add(next[state * width + column[end]!]!);
    for (const list of touched) {
      seen[list] = 0;
      missing[lists[list]!]!++;
    }
    return possible.length > 1 ? possible.sort((a, b) => a - b) : possible;
  };
}

/** [128]: 1 for a unit that is part of a word. */
const wordUnits = Uint8Array.from({ length: mostUnits }, (_, code) => (isWordUnit(code) ? 1 : 0));

interface Automaton {
  /** Number of columns: the units that stand in a needle, and one for all others. */
  width: number;
  /** [128]: the column of a unit; 0 for a unit that stands in no needle. */
  column: Uint8Array;
  /** [states, columns]: the next state. */
  next: Uint16Array;
  /** [states]: 1 where a needle ends. */
  ends: Uint8Array;
  /** [states]: the lists of the needles that end here. */
  found: (readonly number[])[];
  /** [lists]: the pattern that a list of needles belongs to. */
  lists: number[];
  /** [lists]: 1 while a text is read in which a needle of the list was seen. */
  seen: Uint8Array;
  /** [patterns]: of how many of its lists no needle was seen. */
  missing: Uint8Array;
  /** The patterns without a needle: they can match anything. */
  always: number[];
}

/** @param needles the lists of each pattern */
function automaton(needles: readonly (readonly (readonly string[])[])[]): Automaton {
  const lists = needles.flatMap((own, pattern) => own.map((strings) => ({ pattern, strings })));
  const column = new Uint8Array(mostUnits);
  let width = 1;
  for (const unit of new Set(lists.flatMap(({ strings }) => strings.flatMap((needle) => Array.from(needle)))))
    column[unit.charCodeAt(0)] = width++;
  const children = [new Map<number, number>()];
  const own = [new Set<number>()];
  for (const [list, { strings }] of lists.entries())
    for (const needle of strings) {
      let state = 0;
      for (let i = 0; i < needle.length; i++) {
        const symbol = column[needle.charCodeAt(i)]!;
        let child = children[state]!.get(symbol);
        if (child === undefined) {
          child = children.push(new Map()) - 1;
          own.push(new Set());
          children[state]!.set(symbol, child);
        }
        state = child;
      }
      own[state]!.add(list);
    }
  if (children.length > 2 ** 16)
    throw new RangeError(`sieve: at most 65536 states, found ${children.length}`);
  const next = new Uint16Array(children.length * width);
  const failure = new Int32Array(children.length);
  const queue = [0];
  for (const state of queue) {
    for (const list of own[failure[state]!]!) own[state]!.add(list);
    for (let symbol = 0; symbol < width; symbol++) {
      const fallback = state === 0 ? 0 : next[failure[state]! * width + symbol]!;
      const child = children[state]!.get(symbol);
      next[state * width + symbol] = child ?? fallback;
      if (child === undefined) continue;
      failure[child] = fallback;
      queue.push(child);
    }
  }
  const found = own.map((set) => [...set]);
  const ends = Uint8Array.from(found, (list) => (list.length === 0 ? 0 : 1));
  const missing = Uint8Array.from(needles, (own) => own.length);
  const always = [...needles.keys()].filter((pattern) => missing[pattern] === 0);
  return {
    ...{ width, column, next, ends, found, missing, always },
    lists: lists.map(({ pattern }) => pattern),
    seen: new Uint8Array(lists.length),
  };
}
