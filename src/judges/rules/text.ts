/**
 * Turns an answer into the form that the rules read: segments (sentences, list items, clauses after a "but") in plain
 * lower-case text. Each position maps back to a UTF-16 offset of the answer. There are two views of the same length:
 * `plain`, and `voice`, in which quotations are blanked, because the words of a quoted guard are not the model's.
 * Everything is one pass over the text, and nothing is matched across segments.
 */
import { clauseEnds, lookahead } from "./clauses.ts";
import { type Line, lines } from "./lines.ts";
import { quotedUnits } from "./quotes.ts";
import { forgetIfFull, hashed, hashOfNothing, typeIn, typeOf, type WordType } from "./vocabulary.ts";

export interface Word {
  type: WordType;
  /** UTF-16 offsets into the answer. */
  start: number;
  end: number;
}

export interface Segment {
  kind: Line["kind"];
  /** Lower case, straight quotes, no markdown emphasis, single spaces. */
  plain: string;
  /** `plain` with quoted speech replaced by middle dots. */
  voice: string;
  /** at[i]: offset in the answer of plain[i]; at[plain.length]: end of the segment. */
  at: number[];
  words: Word[];
  /** False if the answer stopped in the middle of this segment. */
  complete: boolean;
  question: boolean;
}

export interface Reading {
  text: string;
  /** Whether all of the text is ASCII. */
  ascii: boolean;
  /** True if a token cap (or a full context) cut the answer; false if the model ended it. */
  cut: boolean;
  segments: Segment[];
  words: Word[];
  prompt: string | null;
}

/** A place in a line at which another reading of it can go on. */
interface Stop {
  /** Offset in the answer at which the next clause begins. */
  from: number;
  /** If the answer is the same up to and with this offset, so are the segments before the stop. */
  sure: number;
  /** How many segments of the line are before the stop. */
  segments: number;
}

interface ReadLine extends Line {
  segments: Segment[];
  stops: Stop[];
}

/**
 * The text read last. The caps of an answer are prefixes of one text, so most of a text was just read, and its segments are the
 * same objects again.
 */
let before: { text: string; quoted: Uint8Array | null; lines: Map<number, ReadLine> } = {
  ...{ text: "", quoted: null, lines: new Map<number, ReadLine>() },
};

/** @param cut whether generation was stopped from outside; if so, a last sentence without a full stop is incomplete */
export function read(text: string, cut: boolean, prompt: string | null): Reading {
  const quoted = quotedUnits(text);
  const same = alikeUpTo(text, quoted);
  if (same === 0) forgetIfFull();
  const known = before.lines;
  before = { text, quoted, lines: new Map() };
  const segments: Segment[] = [];
  for (const line of lines(text)) {
    const own = readLine(text, line, quoted, known.get(line.start), same);
    before.lines.set(line.start, own);
    for (const segment of own.segments) segments.push(segment);
  }
  const last = segments.at(-1);
  if (last !== undefined && cut && !/[.!?:]["')\]*_]*\s*$/.test(text.slice(-12)))
    segments[segments.length - 1] = { ...last, complete: false };
  const words: Word[] = [];
  for (const segment of segments) for (const one of segment.words) words.push(one);
  return { text, ascii: ascii.test(text), cut, segments, words, prompt };
}

/** The offset up to which a text and its quotations are those of the text read last; 0 if neither text begins the other. */
function alikeUpTo(text: string, quoted: Uint8Array | null): number {
  if (!text.startsWith(before.text) && !before.text.startsWith(text)) return 0;
  const end = Math.min(text.length, before.text.length);
  if (quoted === null && before.quoted === null) return end;
  for (let i = 0; i < end; i++) if ((quoted?.[i] ?? 0) !== (before.quoted?.[i] ?? 0)) return i;
  return end;
}

/** @param known the line that began here in the text read last @param same where the two texts begin to differ */
function readLine(
  text: string,
  line: Line,
  quoted: Uint8Array | null,
  known: ReadLine | undefined,
  same: number,
): ReadLine {
  const own: ReadLine = { ...line, segments: [], stops: [] };
  let from = line.start;
  if (known?.kind === line.kind) {
    if (known.end === line.end && line.end <= same) return known;
    own.stops = known.stops.filter(({ sure }) => sure < Math.min(same, line.end));
    const stop = own.stops.at(-1);
    if (stop !== undefined) {
      own.segments = known.segments.slice(0, stop.segments);
      from = stop.from;
    }
  }
  const { plain, at } = plainOf(text, from, line.end, from === line.start);
  let start = 0;
  for (const end of line.kind === "code" ? [plain.length] : clauseEnds(plain)) {
    const segment = segmentOf(plain, at, start, end, line.kind, quoted);
    if (segment !== null) own.segments.push(segment);
    const sure = at[end + lookahead];
    if (plain[end] === " " && sure !== undefined)
      own.stops.push({ from: at[end]!, sure, segments: own.segments.length });
    start = end;
  }
  return own;
}

const straight: Record<string, string> = {
  "’": "'",
  "‘": "'",
  ʼ: "'",
  "′": "'",
  "“": '"',
  "”": '"',
  "„": '"',
  "«": '"',
  "»": '"',
};
const emphasis = new Set(["*", "_", "`", ">", "#", "\u200b", "\ufeff"]);

/**
 * A part of the answer in the form of `Segment.plain`, and for each of its units the offset in the answer; `to` comes last.
 * @param begins whether the part begins its line
 */
function plainOf(text: string, from: number, to: number, begins: boolean): { plain: string; at: number[] } {
  const at: number[] = [];
  let plain = "";
  /** Where the ASCII text begins that is not yet in `plain`. */
  let run = from;
  let afterSpace = begins;
  for (let i = from; i < to; i++) {
    const kind = kindOf(text, i);
    if (kind === "ordinary" || (kind === "blank" && !afterSpace && text.charCodeAt(i) === 32)) {
      afterSpace = kind === "blank";
      at.push(i);
      continue;
    }
    plain += text.slice(run, i).toLowerCase();
    run = i + 1;
    if (kind === "emphasis" || (kind === "blank" && afterSpace)) continue;
    afterSpace = kind === "blank";
    plain += afterSpace ? " " : lowered(text[i]!);
    at.push(i);
  }
  at.push(to);
  return { plain: plain + text.slice(run, to).toLowerCase(), at };
}

type Kind = "ordinary" | "blank" | "emphasis" | "other";

const asciiKinds: readonly Kind[] = Array.from({ length: 128 }, (_, code) => {
  const unit = String.fromCharCode(code);
  return emphasis.has(unit) ? "emphasis" : /\s/.test(unit) ? "blank" : "ordinary";
});

function kindOf(text: string, i: number): Kind {
  const code = text.charCodeAt(i);
  if (code < 128) return asciiKinds[code]!;
  const unit = text[i]!;
  return emphasis.has(unit) ? "emphasis" : /\s/.test(unit) ? "blank" : "other";
}

/** A letter whose lower case is longer (İ) is not changed, so that offsets stay correct. */
function lowered(unit: string): string {
  const known = straight[unit];
  if (known !== undefined) return known;
  const lower = unit.toLowerCase();
  return lower.length === 1 ? lower : unit;
}

const word = /[\p{L}\p{N}\p{M}]+(?:['-][\p{L}\p{N}\p{M}]+)*/gu;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the class is ASCII itself
const ascii = /^[\x00-\x7f]*$/;

function segmentOf(
  joined: string,
  lineAt: number[],
  from: number,
  to: number,
  kind: Segment["kind"],
  quoted: Uint8Array | null,
): Segment | null {
  while (from < to && joined[from] === " ") from++;
  while (to > from && joined[to - 1] === " ") to--;
  if (from === to) return null;
  const plain = joined.slice(from, to);
  const at = lineAt.slice(from, to + 1);
  at[to - from] = at[to - from - 1]! + 1;
  const voice = quoted === null ? plain : voiceOf(plain, at, quoted);
  const question = /\?["')\]]*$/.test(plain.slice(-6));
  return { kind, plain, voice, at, words: wordsOf(plain, at), complete: true, question };
}

function wordsOf(plain: string, at: readonly number[]): Word[] {
  const words: Word[] = [];
  const add = (type: WordType, from: number, to: number) => {
    words.push({ type, start: at[from]!, end: at[to - 1]! + 1 });
  };
  if (!ascii.test(plain)) {
    for (const { 0: found, index } of plain.matchAll(word)) add(typeOf(found), index, index + found.length);
    return words;
  }
  // The same words, without the cost of a match.
  let from = -1;
  let hash = hashOfNothing;
  for (let i = 0; i <= plain.length; i++) {
    const code = plain.charCodeAt(i);
    const joins = from !== -1 && (code === 39 || code === 45) && isAsciiWordUnit(plain.charCodeAt(i + 1));
    if (joins || isAsciiWordUnit(code)) {
      if (from === -1) from = i;
      hash = hashed(hash, code);
    } else if (from !== -1) {
      add(typeIn(plain, from, i, hash), from, i);
      from = -1;
      hash = hashOfNothing;
    }
  }
  return words;
}

/** a to z, 0 to 9; not NaN, which stands behind the end */
const isAsciiWordUnit = (code: number) => (code >= 97 && code <= 122) || (code >= 48 && code <= 57);

function voiceOf(plain: string, at: readonly number[], quoted: Uint8Array): string {
  let voice = "";
  for (let i = 0; i < plain.length; i++) voice += quoted[at[i]!] === 1 ? "·" : plain[i]!;
  return voice;
}
