/**
 * A text that records which of its characters came from a message. The ranges survive all operations of a template:
 * trimming, slicing, splitting, joining, changing case. The tokenizer therefore knows which characters came from a
 * message, whatever the template did with them, and no message can spell a special token.
 */
import type { TextRange } from "../tokenizer/tokenizer.ts";

/** Python's white space (str.isspace); JavaScript's differs at U+001C to U+001F, U+0085 and U+FEFF. */
export const space = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
const isSpace = new RegExp(`[${space}]`);

export class Text {
  readonly value: string;
  /** The ranges of `value` that came from a message: sorted, not touching each other, in UTF-16 units. */
  readonly foreign: readonly TextRange[];

  constructor(value: string, foreign: readonly TextRange[] = []) {
    this.value = value;
    this.foreign = foreign;
  }

  /** A text that came entirely from a message. */
  static foreign(value: string): Text {
    return new Text(value, value === "" ? [] : [[0, value.length]]);
  }

  static join(parts: readonly Text[]): Text {
    if (parts.length === 1) return parts[0]!;
    let at = 0;
    const foreign: TextRange[] = [];
    for (const part of parts) {
      for (const [start, end] of part.foreign) {
        const last = foreign.at(-1);
        if (last?.[1] === at + start) foreign[foreign.length - 1] = [last[0], at + end];
        else foreign.push([at + start, at + end]);
      }
      at += part.value.length;
    }
    return new Text(parts.map(({ value }) => value).join(""), foreign);
  }

  /** A part of the text; both bounds are in UTF-16 units. */
  slice(start: number, end: number = this.value.length): Text {
    if (start === 0 && end === this.value.length) return this;
    const foreign = this.foreign
      .filter((range) => range[0] < end && range[1] > start)
      .map(([from, to]): TextRange => [Math.max(from, start) - start, Math.min(to, end) - start]);
    return new Text(this.value.slice(start, end), foreign);
  }

  /** Applies a change such as a change of case. Each stretch is changed separately, so that the ranges stay right. */
  map(change: (value: string) => string): Text {
    if (this.foreign.length === 0) return new Text(change(this.value));
    const parts: Text[] = [];
    let at = 0;
    for (const [start, end] of this.foreign) {
      if (start > at) parts.push(new Text(change(this.value.slice(at, start))));
      parts.push(Text.foreign(change(this.value.slice(start, end))));
      at = end;
    }
    if (at < this.value.length) parts.push(new Text(change(this.value.slice(at))));
    return Text.join(parts);
  }

  /** Python's strip, lstrip and rstrip. Removes white space, or the given characters. */
  strip(side: "both" | "left" | "right", characters: string | null): Text {
    const goes = characters === null ? (c: string) => isSpace.test(c) : characterSet(characters);
    const { value } = this;
    let start = 0;
    let end = value.length;
    while (side !== "right" && start < end) {
      const c = String.fromCodePoint(value.codePointAt(start)!);
      if (!goes(c)) break;
      start += c.length;
    }
    while (side !== "left" && end > start) {
      const pair = end - 2 >= start && value.codePointAt(end - 2)! > 0xffff;
      const c = pair ? value.slice(end - 2, end) : value.charAt(end - 1);
      if (!goes(c)) break;
      end -= c.length;
    }
    return this.slice(start, end);
  }

  /** Python's split at a separator, with at most `times` cuts. */
  split(separator: string, times: number = Infinity): Text[] {
    const parts: Text[] = [];
    let from = 0;
    for (let cut = 0; cut < times; cut++) {
      const at = this.value.indexOf(separator, from);
      if (at < 0) break;
      parts.push(this.slice(from, at));
      from = at + separator.length;
    }
    parts.push(this.slice(from));
    return parts;
  }

  /** Python's split at runs of white space. */
  words(times: number = Infinity): Text[] {
    const words: Text[] = [];
    let rest = this.strip("left", null);
    while (rest.value !== "") {
      const end = words.length < times ? rest.value.search(isSpace) : -1;
      if (end < 0) return [...words, words.length < times ? rest : rest.strip("right", null)];
      words.push(rest.slice(0, end));
      rest = rest.slice(end).strip("left", null);
    }
    return words;
  }

  /** Length in code points, which Python counts. */
  get length(): number {
    let length = 0;
    for (const _ of this.value) length++;
    return length;
  }

  /** One text per code point. */
  characters(): Text[] {
    let at = 0;
    return Array.from(this.value, (c) => this.slice(at, (at += c.length)));
  }

  /** The UTF-16 unit at which a code point begins. @param index index of the code point, from 0 */
  unitOf(index: number): number {
    if (!/[\ud800-\udfff]/.test(this.value)) return Math.min(index, this.value.length);
    let unit = 0;
    for (let seen = 0; seen < index && unit < this.value.length; seen++)
      unit += this.value.codePointAt(unit)! > 0xffff ? 2 : 1;
    return unit;
  }
}

function characterSet(characters: string): (c: string) => boolean {
  const set = new Set(characters);
  return (c) => set.has(c);
}
