/**
 * Divides recorded text into a reasoning model's thought and its answer. It is for text without token ids: recorded
 * answers and endpoints. An audit of a checkpoint divides by token ids (model/text/thinking.ts).
 *
 * A thought stands at the beginning. Two forms are told apart from text that only speaks of the marks:
 * - An opening mark that is never closed begins a thought, unless a word in small letters follows on the same line
 *   ("<think> is a mark of …").
 * - A closing mark without an opening one before it ends a thought if it has a line of its own, outside of code.
 *   Templates that open the thought themselves leave such texts.
 */
import { type ReasoningMarks, reasoningMarks } from "./reasoning-marks.ts";

export interface Channels {
  /** The thought without its marks and the white space around it; null if the text has none, "" if it is empty. */
  reasoning: string | null;
  /** The text behind the thought, from its first letter on; the whole text unchanged if it has no thought. */
  answer: string;
  /** Whether the text ends inside the thought. The answer is then "". */
  cut: boolean;
  /** Where the answer begins in the text, in UTF-16 units. */
  start: number;
  /** Where the last closing mark ends; 0 without a thought. White space may follow before `start`. */
  behind: number;
}

/** The marks of gpt-oss in text from which the special tokens were taken out. The second one decides. */
const bareChannels = { open: "analysis", close: "assistantfinal" };

export function splitReasoning(text: string): Channels {
  const thoughts: string[] = [];
  let start = 0;
  for (;;) {
    const found = leading(text.slice(start)) ?? (thoughts.length === 0 ? unopened(text) : null);
    if (found === null) break;
    thoughts.push(found.thought);
    start += found.length;
    if (!found.closed)
      return { reasoning: joined(thoughts), answer: "", cut: true, start: text.length, behind: text.length };
  }
  if (thoughts.length === 0) return { reasoning: null, answer: text, cut: false, start: 0, behind: 0 };
  const behindMark = start;
  start += blank(text.slice(start));
  return { reasoning: joined(thoughts), answer: text.slice(start), cut: false, start, behind: behindMark };
}

/** `length` counts the UTF-16 units of the thought and its marks. */
interface Thought {
  thought: string;
  length: number;
  closed: boolean;
}

/** The thought that an opening mark begins at the start of the text, after white space. */
function leading(text: string): Thought | null {
  const from = blank(text);
  const marks = reasoningMarks.find(({ open }) => text.startsWith(open, from));
  if (marks !== undefined) return behind(text, from, marks);
  const { open, close } = bareChannels;
  // A capital letter follows: "analysisWe need to …". An answer can begin with the word.
  const isBare = text.startsWith(open, from) && /^\p{Lu}/u.test(text.slice(from + open.length));
  return isBare && text.includes(close) ? behind(text, from, bareChannels) : null;
}

function behind(
  text: string,
  from: number,
  { open, close }: Pick<ReasoningMarks, "open" | "close">,
): Thought | null {
  const begin = from + open.length;
  const end = text.indexOf(close, begin);
  if (end >= 0) return { thought: text.slice(begin, end), length: end + close.length, closed: true };
  const rest = text.slice(begin);
  if (/^[ \t]+\p{Ll}/u.test(rest)) return null;
  return { thought: withoutPartOf(close, rest), length: text.length, closed: false };
}

/** The thought that the prompt opened, so that the text has only its closing mark. */
function unopened(text: string): Thought | null {
  for (const { open, close } of reasoningMarks) {
    const end = text.indexOf(close);
    const before = text.slice(0, end);
    if (end < 0 || before.includes(open)) continue;
    const after = text.slice(end + close.length);
    const ownLine = /(^|\n)[ \t]*$/.test(before) && /^[ \t]*(\r?\n|$)/.test(after);
    const inCode = (before.match(/```/g) ?? []).length % 2 === 1;
    if (ownLine && !inCode) return { thought: before, length: end + close.length, closed: true };
  }
  return null;
}

/** A cut can leave the first letters of the closing mark. They are not a part of the thought. */
function withoutPartOf(close: string, thought: string): string {
  for (let n = close.length - 1; n > 0; n--)
    if (thought.endsWith(close.slice(0, n))) return thought.slice(0, -n);
  return thought;
}

const joined = (thoughts: readonly string[]): string =>
  thoughts
    .map((thought) => thought.trim())
    .filter((thought) => thought !== "")
    .join("\n\n");

const blank = (text: string): number => text.length - text.trimStart().length;
