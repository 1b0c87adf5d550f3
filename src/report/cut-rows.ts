/** Cuts the texts of rows for a page that cannot hold all of them. The page shows the beginnings of prompts and searches all beginnings. */
import type { ReportRow } from "../core/records/report.ts";
import type { Details, RowDigest } from "../core/results/digest.ts";

/** Bytes that the beginnings may take in the page, as UTF-8. With the rest of 100,000 answers, the page stays below 15 MB. */
const room = { prompts: 2.5e6, answers: 6.5e6 };

/**
 * @param rows answers to one prompt follow each other
 * @returns rows with cut texts, and D rounded to four decimals; they are made while they are read
 */
export function cutRows(
  rows: readonly ReportRow[],
  most: typeof room = room,
): {
  searched: Details["searched"];
  digests: Iterable<RowDigest>;
} {
  const first = rows.filter((row, i) => row.prompt_id !== rows[i - 1]?.prompt_id);
  const prompts = first.flatMap(({ prompt, turns }) => [
    prompt,
    ...turns.map(({ content, printable }) => content ?? printable ?? ""),
  ]);
  const answers = rows.map(({ text, printable }) => text ?? printable ?? "");
  const prompt = longestCut(prompts, most.prompts);
  const answer = longestCut(answers, most.answers);
  return { searched: { prompt, answer }, digests: cutAll(rows, prompt, answer) };
}

function* cutAll(rows: readonly ReportRow[], prompt: number, answer: number): Generator<RowDigest> {
  const cutOrNull = (text: string | null, length: number) => (text === null ? null : cut(text, length));
  for (const row of rows)
    yield {
      ...row,
      prompt: row.prompt.length > prompt ? `${cut(row.prompt, prompt)}…` : row.prompt,
      turns: row.turns.map((turn) => ({
        ...turn,
        content: cutOrNull(turn.content, prompt),
        printable: cutOrNull(turn.printable, prompt),
      })),
      text: cutOrNull(row.text, answer),
      printable: cutOrNull(row.printable, answer),
      D: row.D.map((depth) => (depth === null ? null : Math.round(depth * 1e4) / 1e4)),
    };
}

/** The largest number of characters to which all texts can be cut so that together they take at most so many bytes. */
function longestCut(texts: readonly string[], bytes: number): number {
  const taken = (length: number) =>
    texts.reduce((sum, text) => sum + Buffer.byteLength(cut(text, length)), 0);
  let [low, high] = [0, texts.reduce((longest, { length }) => Math.max(longest, length), 0)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (taken(middle) <= bytes) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Never leaves half of a surrogate pair at the end. */
const cut = (text: string, length: number): string =>
  text.length <= length ? text : text.slice(0, length).replace(/[\ud800-\udbff]$/, "");
