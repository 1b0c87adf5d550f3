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

/** @param cut whether generation was stopped from outside; if so, a last sentence without a full stop is incomplete */
export function read(text: string, cut: boolean, prompt: string | null): Reading {
  const quoted = quotedUnits(text);
  const segments = lines(text).flatMap((line) => segmentsOf(text, line, quoted));
  const last = segments.at(-1);
  if (last !== undefined && cut && !/[.!?:]["')\]*_]*\s*$/.test(text.slice(-12))) last.complete = false;
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

function segmentsOf(text: string, line: Line, quoted: Uint8Array): Segment[] {
  const plain: string[] = [];
  const at: number[] = [];
  for (let i = line.start; i < line.end; i++) {
    const unit = text[i]!;
    if (emphasis.has(unit)) continue;
    if (/\s/.test(unit)) {
      if (plain.length === 0 || plain.at(-1) === " ") continue;
      plain.push(" ");
    } else {
      const lower = unit.toLowerCase();
      // A letter whose lower case is longer (İ) is not changed, so that offsets stay correct.
      plain.push(straight[unit] ?? (lower.length === 1 ? lower : unit));
    }
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

function segmentOf(
  joined: string,
  lineAt: number[],
  from: number,
  to: number,
  kind: Segment["kind"],
  quoted: Uint8Array,
): Segment | null {
  while (from < to && joined[from] === " ") from++;
  while (to > from && joined[to - 1] === " ") to--;
  if (from === to) return null;
  const plain = joined.slice(from, to);
  const at = lineAt.slice(from, to);
  at.push(at.at(-1)! + 1);
  const voice = Array.from({ length: plain.length }, (_, i) => (quoted[at[i]!] === 1 ? "·" : plain[i]!)).join(
    "",
  );
  const words = [...plain.matchAll(/[\p{L}\p{N}\p{M}]+(?:['-][\p{L}\p{N}\p{M}]+)*/gu)].map((match) => ({
    text: match[0],
    start: at[match.index]!,
    end: at[match.index + match[0].length - 1]! + 1,
  }));
  return { kind, plain, voice, at, words, complete: true, question: /\?["')\]]*$/.test(plain.slice(-6)) };
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

/** 1 for every UTF-16 unit inside quotation marks; all 0 if the quotation is the whole answer. */
function quotedUnits(text: string): Uint8Array {
  const inside = new Uint8Array(text.length);
  let outsideLetters = 0;
  for (let i = 0; i < text.length; i++) {
    const close = closingMark(text, i);
    if (close === -1) {
      if (/\p{L}/u.test(text[i]!)) outsideLetters++;
      continue;
    }
    inside.fill(1, i, close + 1);
    i = close;
  }
  // If the whole answer is in quotation marks ("I cannot help with that."), it is the model's own voice.
  return outsideLetters < 3 ? new Uint8Array(text.length) : inside;
}

/** Offset of the mark that closes a quotation opened at i; −1 if no quotation opens there. */
function closingMark(text: string, i: number): number {
  const unit = text[i]!;
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
