/** Lines of the summaries that the terminal shows. */
import { visibleLine } from "../core/visible.ts";

/** Lines of a small terminal. */
export const mostLines = 25;

/** The status is shown by a mark, never by colour. */
const marks = { found: "[+]", "not found": "[-]", undetermined: "[?]", warning: "[!]" } as const;

/** Escapes a text before its width is counted: model names and sentences may hold any character, and an escape is wider. */
export const clean = (text: string): string => visibleLine(text).trim();

export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** A sentence in lines of `width` characters, never cut, with its mark before the first. */
export function marked(mark: keyof typeof marks, sentence: string, width: number): string[] {
  return wrap(clean(sentence), width - 4).map((line, i) => `${i === 0 ? marks[mark] : "   "} ${line}`);
}
