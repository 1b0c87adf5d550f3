/**
 * Turns an answer into the form that the rules read: segments (sentences, list items, clauses after a "but") in plain
 * lower-case text. Each position maps back to a UTF-16 offset of the answer. There are two views of the same length:
 * `plain`, and `voice`, in which quotations are blanked, because the words of a quoted guard are not the model's.
 * Everything is one pass over the text, and nothing is matched across segments.
 */

export interface Word {
  text: string;
  /** UTF-16 offsets into the answer. */
  start: number;
  end: number;
}

export interface Segment {
  kind: "prose" | "item" | "heading" | "code";
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
  /** True if a token cap (or a full context) cut the answer; false if the model ended it. */
  cut: boolean;
  segments: Segment[];
  words: Word[];
  prompt: string | null;
}

/**
 * The text read last, line by line. The caps of an answer are prefixes of one text, so most lines of a text were just read.
 * Lines with quotations are not kept, because a mark further on can close a quotation.
 */
let lastRead: { text: string; lines: Map<string, readonly Segment[]> } = { text: "", lines: new Map() };

/** @param cut whether generation was stopped from outside; if so, a last sentence without a full stop is incomplete */
export function read(text: string, cut: boolean, prompt: string | null): Reading {
  const quoted = quotedUnits(text);
  const known = text.startsWith(lastRead.text) || lastRead.text.startsWith(text) ? lastRead.lines : null;
  const read = new Map<string, readonly Segment[]>();
  const segments = lines(text).flatMap((line) => {
    const place = `${line.kind} ${line.start} ${line.end}`;
    const own = (quoted === null && known?.get(place)) || segmentsOf(text, line, quoted);
    if (quoted === null) read.set(place, own);
    return own;
  });
  lastRead = { text, lines: read };
  const last = segments.at(-1);
  if (last !== undefined && cut && !/[.!?:]["')\]*_]*\s*$/.test(text.slice(-12)))
    segments[segments.length - 1] = { ...last, complete: false };
  return { text, cut, segments, words: segments.flatMap((segment) => segment.words), prompt };
}

interface Line {
  kind: Segment["kind"];
  start: number;
  end: number;
}

const listMarker = /^\s*(?:[-*•+]\s|\d{1,3}[.)](?:\s|$)|step \d{1,3}\s?[:.)]|[a-h]\)\s)/i;
const heading = /^\s*#{1,6}(?:\s|$)/;
const fence = /^\s*(?:```|~~~)/;

/** Lines without their markers. A prose line that does not end like a sentence is joined with the next one. */
function lines(text: string): Line[] {
  const out: Line[] = [];
  let inCode = false;
  let joinable = false;
  let start = 0;
  while (start <= text.length) {
    const newline = text.indexOf("\n", start);
    const end = newline === -1 ? text.length : newline;
    const line = text.slice(start, end);
    // Markers are at the beginning, so only a bounded part is checked; its cost does not depend on the line's length.
    const head = line.slice(0, 40);
    const marker = listMarker.exec(head) ?? heading.exec(head);
    const blank = line.trim() === "";
    if (fence.test(head)) {
      inCode = !inCode;
      joinable = false;
    } else if (inCode) out.push({ kind: "code", start, end });
    else if (blank) joinable = false;
    else if (marker !== null) {
      out.push({ kind: heading.test(head) ? "heading" : "item", start: start + marker[0].length, end });
      joinable = false;
    } else {
      const previous = out.at(-1);
      if (joinable && previous !== undefined) previous.end = end;
      else out.push({ kind: "prose", start, end });
      joinable = !/[.!?:,;"]\s*$/.test(line.slice(-8));
    }
    start = end + 1;
  }
  return out;
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

function segmentsOf(text: string, line: Line, quoted: Uint8Array | null): Segment[] {
  const plain: string[] = [];
  const at: number[] = [];
  let afterSpace = true;
  for (let i = line.start; i < line.end; i++) {
    const unit = text[i]!;
    const code = text.charCodeAt(i);
    const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90);
    if (!isLetter) {
      if (emphasis.has(unit)) continue;
      if (code === 32 || (code < 33 && /\s/.test(unit)) || (code > 127 && /\s/.test(unit))) {
        if (afterSpace) continue;
        afterSpace = true;
        plain.push(" ");
        at.push(i);
        continue;
      }
    }
    afterSpace = false;
    plain.push(lowered(unit, code));
    at.push(i);
  }
  at.push(line.end);
  const joined = plain.join("");
  const cuts = line.kind === "code" ? [joined.length] : clauseEnds(joined);
  const out: Segment[] = [];
  let from = 0;
  for (const to of cuts) {
    const segment = segmentOf(joined, at, from, to, line.kind, quoted);
    if (segment !== null) out.push(segment);
    from = to;
  }
  return out;
}

/** A letter whose lower case is longer (İ) is not changed, so that offsets stay correct. */
function lowered(unit: string, code: number): string {
  if (code < 128) return code >= 65 && code <= 90 ? unit.toLowerCase() : unit;
  const known = straight[unit];
  if (known !== undefined) return known;
  const lower = unit.toLowerCase();
  return lower.length === 1 ? lower : unit;
}

const word = /[\p{L}\p{N}\p{M}]+(?:['-][\p{L}\p{N}\p{M}]+)*/gu;
/** The same words where the text is ASCII, and five times as fast. */
const asciiWord = /[a-z0-9]+(?:['-][a-z0-9]+)*/g;
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
  const at = lineAt.slice(from, to);
  at.push(at.at(-1)! + 1);
  const words: Word[] = [];
  for (const match of plain.matchAll(ascii.test(plain) ? asciiWord : word)) {
    const end = at[match.index + match[0].length - 1]! + 1;
    words.push({ text: match[0], start: at[match.index]!, end });
  }
  const voice = quoted === null ? plain : voiceOf(plain, at, quoted);
  return { kind, plain, voice, at, words, complete: true, question: /\?["')\]]*$/.test(plain.slice(-6)) };
}

function voiceOf(plain: string, at: readonly number[], quoted: Uint8Array): string {
  let voice = "";
  for (let i = 0; i < plain.length; i++) voice += quoted[at[i]!] === 1 ? "·" : plain[i]!;
  return voice;
}

const abbreviation = /(?:^|[\s(])(?:mr|mrs|ms|dr|st|vs|etc|e\.g|i\.e|approx|cf|prof|[b-hj-z])$/;
/** The beginnings of a clause that may reverse the sentence. Such a clause gets a segment of its own. */
const turn =
  /^[,;—–] ?(?:but|however|yet|though|although|here's|here is|here are|i can|i could|i'd|what i can|that said|still|instead|so i)\b/;
const concession = /^(?:while|although|though|even though|instead of|since|because)\b/;

/** The ends of the segments of one line (not included); the last one is the line's length. */
function clauseEnds(plain: string): number[] {
  const out: number[] = [];
  let start = 0;
  let conceding = concession.test(plain.slice(0, 16));
  for (let i = 0; i < plain.length; i++) {
    const unit = plain[i]!;
    if ((unit >= "a" && unit <= "z") || unit === " ") continue;
    let end = -1;
    if (unit === "." || unit === "!" || unit === "?" || unit === "…" || unit === "。") {
      let after = i + 1;
      while (after < plain.length && /[.!?…"')\]]/.test(plain[after]!)) after++;
      const closes = after === plain.length || plain[after] === " " || unit === "。";
      if (closes && !(unit === "." && abbreviation.test(plain.slice(Math.max(0, i - 8), i)))) end = after;
    } else if (unit === "," || unit === ";" || unit === "—" || unit === "–") {
      if (conceding || turn.test(plain.slice(i, i + 24))) end = i + 1;
    } else if (unit === ":" && plain[i + 1] === " ") end = i + 1;
    if (end === -1) continue;
    out.push(end);
    start = end;
    while (plain[start] === " ") start++;
    conceding = concession.test(plain.slice(start, start + 16));
    i = end - 1;
  }
  if (out.at(-1) !== plain.length) out.push(plain.length);
  return out;
}

/**
 * Longest quotation that is searched for, in UTF-16 units. A longer distance means that the mark is not a quotation
 * mark.
 */
const quotationLimit = 400;
const attribution =
  /\b(?:said|says|say|asked|asks|replied|replies|answered|wrote|writes|told|shouted|called|whispered|reads)\b[^.]{0,24}$/i;

const anyMark = /["'‘“„]/;

/** 1 for every UTF-16 unit inside quotation marks; null if there is no quotation, or if it is the whole answer. */
function quotedUnits(text: string): Uint8Array | null {
  if (!anyMark.test(text)) return null;
  const inside = new Uint8Array(text.length);
  let outsideLetters = 0;
  let found = false;
  for (let i = 0; i < text.length; i++) {
    const close = closingMark(text, i);
    if (close === -1) {
      if (outsideLetters < 3 && /\p{L}/u.test(text[i]!)) outsideLetters++;
      continue;
    }
    found = true;
    inside.fill(1, i, close + 1);
    i = close;
  }
  // If the whole answer is in quotation marks ("I cannot help with that."), it is the model's own voice.
  return found && outsideLetters >= 3 ? inside : null;
}

/** Offset of the mark that closes a quotation opened at i; −1 if no quotation opens there. */
function closingMark(text: string, i: number): number {
  const unit = text[i]!;
  if (!anyMark.test(unit)) return -1;
  const before = i === 0 ? " " : text[i - 1]!;
  const single = unit === "'" || unit === "‘";
  const double = unit === '"' || unit === "“" || unit === "„";
  if (!single && !double) return -1;
  if (!/[\s(\[:,*_—–>]/.test(before) || !/[\p{L}\p{N}*_…]/u.test(text[i + 1] ?? " ")) return -1;
  const window = text.slice(i + 1, i + 1 + quotationLimit);
  const close = single ? /[\p{L}.,!?…]['’](?=[\s.,;:!?)\]*_]|$)/u.exec(window) : /["”“]/.exec(window);
  if (close !== null) return i + 1 + close.index + close[0].length - 1;
  // A cap may cut quoted speech. Without a closing mark it counts as a quotation only if a speaker is named before it.
  if (attribution.test(text.slice(Math.max(0, i - 40), i)) && window.length < quotationLimit)
    return text.length - 1;
  return -1;
}
