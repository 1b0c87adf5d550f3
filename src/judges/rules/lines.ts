/** Splits an answer into lines of one kind each, before it is split into sentences. */

export interface Line {
  kind: "prose" | "item" | "heading" | "code";
  /** UTF-16 offsets into the answer, without the marker of an item or a heading. */
  start: number;
  end: number;
}

const listMarker = /^\s*(?:[-*•+]\s|\d{1,3}[.)](?:\s|$)|step \d{1,3}\s?[:.)]|[a-h]\)\s)/i;
const heading = /^\s*#{1,6}(?:\s|$)/;
const fence = /^\s*(?:```|~~~)/;

/** Lines without their markers. A prose line that does not end like a sentence is joined with the next one. */
export function lines(text: string): Line[] {
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
