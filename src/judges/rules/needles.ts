/**
 * Needles of a pattern: lists of strings. Every match of the pattern holds at least one string of each list. A text without them
 * need not be searched.
 * The same idea as the prefilters of RE2 and of code search (R. Cox, Regular Expression Matching with a Trigram Index, 2012).
 *
 * Needles are strings of symbols: the pattern's characters, and three that say where they stand.
 */

export const symbols = {
  /** Between a word character and another one, as `\b`. */
  edge: "\u0001",
  start: "\u0002",
  end: "\u0003",
};

/** What is known of the matches of a part of a pattern. */
interface Known {
  /** All strings that it can match; null if they are too many. */
  exact: readonly string[] | null;
  /** Every match holds a string of each list. The rarest list comes first. */
  needles: readonly Needles[];
}

type Needles = readonly string[];

/** More strings than this are not listed for one part of a pattern. */
const mostStrings = 60;
/** Only so much of a needle is searched for. */
const longest = 16;
/** More lists than this hardly leave out more texts. */
const mostLists = 2;
/** A word of one more letter is about so many times rarer. */
const rarer = 6;

const anything: Known = { exact: null, needles: [] };
const empty: Known = { exact: [""], needles: [] };
const exactly = (...strings: string[]): Known => ({ exact: strings, needles: [] });

/**
 * @returns lists of needles with an edge wherever one is between their characters; none if the pattern can match without any
 * @throws Error for syntax that the rules' patterns do not use
 */
export function needlesOf({ source, flags }: RegExp): string[][] {
  if (flags !== "") throw new Error(`needles: expected a pattern without flags, found /${source}/${flags}`);
  const parser = new Parser(source);
  const needles = required(parser.alternatives());
  parser.requireEnd();
  return needles.map((list) => shortest(list.map((needle) => withEdges(needle).slice(0, longest))));
}

/** The alternatives of a pattern. Where it matches, one of them does; where only one can match, that one stands for it. */
export function alternativesOf({ source, flags }: RegExp): RegExp[] {
  const parts: string[] = [];
  let part = "";
  let depth = 0;
  // A character behind a backslash, a class, or one character.
  for (const [piece] of source.matchAll(/\\.|\[(?:[^\\\]]|\\.)+\]|./g)) {
    if (piece === "(") depth++;
    if (piece === ")") depth--;
    if (piece === "|" && depth === 0) {
      parts.push(part);
      part = "";
    } else part += piece;
  }
  return [...parts, part].map((alternative) => new RegExp(alternative, flags));
}

/** The needles that hold no other needle: where a needle is, those in it are too. */
function shortest(needles: readonly string[]): string[] {
  const kept: string[] = [];
  for (const needle of needles.toSorted((a, b) => a.length - b.length))
    if (!kept.some((other) => needle.includes(other))) kept.push(needle);
  return kept;
}

/** The needles of a whole part: all that it can match, if that is known. */
function required({ exact, needles }: Known): readonly Needles[] {
  return exact === null ? needles : exact.some((string) => letters(string) === "") ? [] : [exact];
}

/** What a needle is rare by. A question mark is as rare as a letter. */
const letters = (string: string): string => string.replace(/[^a-z0-9?]/g, "");

/** How often needles are found in texts, roughly. */
const frequency = (needles: Needles): number =>
  needles.reduce((sum, needle) => sum + rarer ** -letters(needle).length, 0);

function either(parts: readonly Known[]): Known {
  const exact = parts.flatMap((part) => part.exact ?? []);
  if (parts.every((part) => part.exact !== null) && exact.length <= mostStrings)
    return { exact, needles: [] };
  const lists = parts.map(required);
  const shared = Math.min(...lists.map((own) => own.length));
  const joined = Array.from({ length: shared }, (_, i) => lists.flatMap((own) => own[i]!));
  return { exact: null, needles: joined };
}

/** Strings that follow each other are joined as far as they can be listed. The rarest needles are kept. */
function inOrder(parts: readonly Known[]): Known {
  const lists: Needles[] = [];
  let run: Known = empty;
  let whole = true;
  for (const part of parts) {
    if (run.exact !== null && part.exact !== null && run.exact.length * part.exact.length <= mostStrings) {
      const next = part.exact;
      run = exactly(...run.exact.flatMap((string) => next.map((more) => string + more)));
      continue;
    }
    whole = false;
    lists.push(...required(run));
    if (part.exact === null) lists.push(...part.needles);
    run = part.exact === null ? empty : part;
  }
  if (whole) return run;
  lists.push(...required(run));
  const rarest = lists.toSorted((a, b) => frequency(a) - frequency(b)).slice(0, mostLists);
  return { exact: null, needles: rarest };
}

/** Reads the syntax of the rules' patterns. */
class Parser {
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  requireEnd(): void {
    if (this.#at < this.#source.length) throw this.#unknown();
  }

  alternatives(): Known {
    const parts = [this.#sequence()];
    while (this.#take("|")) parts.push(this.#sequence());
    return either(parts);
  }

  #sequence(): Known {
    const parts: Known[] = [];
    while (this.#at < this.#source.length && !/[|)]/.test(this.#source[this.#at]!))
      parts.push(this.#repeated(this.#atom()));
    return inOrder(parts);
  }

  #atom(): Known {
    if (this.#take("^")) return exactly(symbols.start);
    if (this.#take("$")) return exactly(symbols.end);
    if (this.#take("\\b")) return exactly(symbols.edge);
    if (this.#take(".") || this.#match(/\\[wds]/y) !== null) return anything;
    if (this.#take("(?:")) return this.#closed(this.alternatives());
    if (this.#take("(?!") || this.#take("(?=")) {
      this.#closed(this.alternatives());
      return empty;
    }
    const choice = this.#match(/\[[^\\\]-]+\]/y);
    if (choice !== null) return choice[1] === "^" ? anything : exactly(...Array.from(choice.slice(1, -1)));
    if (this.#match(/\[(?:[^\\\]]|\\.)+\]/y) !== null) return anything;
    const literal = this.#match(/\\[^A-Za-z0-9]|[^\\[\](){}*+?|^$.]/y);
    if (literal === null) throw this.#unknown();
    return exactly(literal.at(-1)!);
  }

  #closed(inside: Known): Known {
    if (!this.#take(")")) throw this.#unknown();
    return inside;
  }

  #repeated(atom: Known): Known {
    const quantifier = this.#match(/(?:[?*+]|\{\d+(?:,\d*)?\})\??/y);
    if (quantifier === null) return atom;
    if (quantifier.startsWith("?") || quantifier.startsWith("{0,1}")) return either([empty, atom]);
    if (quantifier.startsWith("*") || quantifier.startsWith("{0")) return anything;
    return { exact: null, needles: required(atom) };
  }

  #take(text: string): boolean {
    if (!this.#source.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0] ?? null;
    this.#at += found?.length ?? 0;
    return found;
  }

  #unknown(): Error {
    return new Error(`needles: unknown syntax at ${this.#at} of /${this.#source}/`);
  }
}

/** Whether `\b` counts it as part of a word. */
export const isWordUnit = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;

/** The needle with every edge written once. */
function withEdges(needle: string): string {
  let out = "";
  let last: boolean | null = null;
  for (let i = 0; i < needle.length; i++) {
    const unit = needle[i]!;
    const isWord = isWordUnit(needle.charCodeAt(i));
    const asked = unit === symbols.edge;
    if (asked || (last !== null && isWord !== last)) if (!out.endsWith(symbols.edge)) out += symbols.edge;
    if (asked) continue;
    out += unit;
    last = isWord;
  }
  return out;
}
