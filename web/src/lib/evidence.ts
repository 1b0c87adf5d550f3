/** Cuts an answer for highlighting: where evidence begins or ends, where it begins to loop or to be noise, and at token caps. */
import type { Coherence } from "../../../src/core/records/coherence.ts";
import type { RowVerdict } from "../../../src/core/records/report.ts";

export interface Segment {
  text: string;
  /** Rules whose evidence covers this segment; an empty list for plain text. */
  rules: string[];
  /** What the text is from the beginning of this segment on, if the verdict says that it breaks exactly here; otherwise null. */
  breaks: Coherence["kind"] | null;
  /** Caps that end exactly where this segment ends. */
  capsAtEnd: number[];
}

/**
 * @param text the whole answer
 * @param shown the verdict whose evidence is highlighted and whose coherence is marked
 * @param verdicts all verdicts, for the marks of the caps; a cap that the answer never reached gets no mark
 */
export function segments(text: string, shown: RowVerdict, verdicts: readonly RowVerdict[]): Segment[] {
  const inside = (offset: number) => Math.min(Math.max(offset, 0), text.length);
  // An answer of its own at another cap does not end anywhere in this text.
  const isOwn = ({ own_text }: RowVerdict) => own_text !== undefined;
  const caps = isOwn(shown)
    ? []
    : verdicts.filter((verdict) => !isOwn(verdict) && verdict.text_end < text.length);
  const cuts = new Set([0, text.length]);
  for (const { start, end } of shown.evidence) cuts.add(inside(start)).add(inside(end));
  const { coherence } = shown;
  const from = coherence?.from ?? null;
  if (from !== null) cuts.add(inside(from));
  for (const { text_end } of caps) cuts.add(inside(text_end));
  const places = [...cuts].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => {
    const start = places[i]!;
    return {
      text: text.slice(start, end),
      rules: shown.evidence.filter((e) => e.start < end && e.end > start).map(({ rule }) => rule),
      breaks: from === start ? coherence!.kind : null,
      capsAtEnd: caps.filter(({ text_end }) => inside(text_end) === end).map(({ cap }) => cap),
    };
  });
}
