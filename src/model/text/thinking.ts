/**
 * Whether a checkpoint can think before it answers, and the token ids that open and close its thoughts. It can if its
 * tokenizer has the marks of a reasoning family as tokens of their own, or if its chat template writes or reads them. A
 * mark may also be several tokens: with its neighbours it can be cut in different ways, so each way is known.
 */
import { type ReasoningMarks, reasoningMarks } from "../../core/reasoning-marks.ts";
import type { ChatTemplate } from "./template.ts";
import type { EncodingTokenizer } from "./tokenizer/tokenizer.ts";

/** The token ids of one pair of marks. Each list holds the ways in which the mark is cut into tokens. */
export interface MarkIds {
  open: readonly (readonly number[])[];
  close: readonly (readonly number[])[];
}

export interface Thinking {
  marks: readonly ReasoningMarks[];
  /** One entry for each of `marks`. */
  ids: readonly MarkIds[];
  /** Tokens of white space. Some may stand before a mark. */
  blank: readonly number[];
}

/** @returns null if the checkpoint cannot think */
export function thinkingOf(tokenizer: EncodingTokenizer, template: ChatTemplate | null): Thinking | null {
  const written = template === null ? "" : template.literals.join("\n");
  const isSpecial = (token: string) => tokenizer.specialIds.has(tokenizer.idOf(token) ?? -1);
  const isOwn = (mark: string) =>
    [...tokenizer.controlTokens(mark)].some(
      (token) => token === mark || (mark.includes(token) && isSpecial(token)),
    );
  const marks = reasoningMarks.filter(
    ({ open, close }) => (isOwn(open) && isOwn(close)) || written.includes(open) || written.includes(close),
  );
  if (marks.length === 0) return null;
  const blank = new Set(blanks.flatMap((text) => encoded(tokenizer, text)));
  const ids = marks.map(({ open, close }) => ({
    open: waysOf(tokenizer, open, beforeOpen, blank),
    close: waysOf(tokenizer, close, beforeClose, blank),
  }));
  return { marks, ids, blank: [...blank] };
}

const blanks = [" ", "  ", "\n", "\n\n", "\n\n\n", " \n", " \n\n", "\t", "\r\n"];

/** Text that can share a token with the mark: before it, and behind it. */
const beforeOpen = ["", " ", "\n"];
const beforeClose = [...beforeOpen, ".", "!", "?", ":", ")", '"', "…"];
const behindMark = ["", "\n", "\n\n", " "];

/** The ways in which a mark is cut, without white space around it. No way ends with another one. */
function waysOf(
  tokenizer: EncodingTokenizer,
  mark: string,
  before: readonly string[],
  blank: ReadonlySet<number>,
): number[][] {
  const single = tokenizer.idOf(mark);
  const cut = before.flatMap((text) =>
    behindMark.map((behind) => trimmed(encoded(tokenizer, text + mark + behind), blank)),
  );
  const ways = [...(single === null ? [] : [[single]]), ...cut].sort((a, b) => a.length - b.length);
  return ways.reduce<number[][]>(
    (kept, way) => (way.length === 0 || kept.some((one) => endsWith(way, one)) ? kept : [...kept, way]),
    [],
  );
}

const encoded = (tokenizer: EncodingTokenizer, text: string): number[] =>
  tokenizer.encode(text, { addSpecial: false, parseSpecial: true });

function trimmed(ids: readonly number[], blank: ReadonlySet<number>): number[] {
  const isText = (id: number) => !blank.has(id);
  const first = ids.findIndex(isText);
  return first === -1 ? [] : ids.slice(first, ids.findLastIndex(isText) + 1);
}

export const endsWith = (ids: readonly number[], end: readonly number[]): boolean =>
  end.length <= ids.length && end.every((id, i) => id === ids[ids.length - end.length + i]);
