/** Reads recorded answers of any source, one per line: the input of `judge`. */

import { fieldError, given, type Row, requiredText, rowOf } from "./fields.ts";
import { promptLines } from "./prompt-lines.ts";
import { uniqueIds } from "./unique.ts";

export interface RecordedAnswer {
  id: string;
  /** May be empty: a model can give an empty answer. */
  answer: string;
  /** The user's turn, if known. */
  prompt: string | undefined;
  /** stop: the model ended by itself; length: the answer was cut; undefined: it was not recorded. */
  finish: (typeof finishes)[number] | undefined;
}

const finishes = ["stop", "length"] as const;

/**
 * @returns one answer per line, in the file's order, at least one; other fields are ignored
 * @throws FathomError (exit 2) that names `file:line: field` for the first invalid line
 */
export async function loadAnswers(path: string): Promise<RecordedAnswer[]> {
  const lines = await promptLines(path, { one: "answer", example: '{"id": "a", "answer": "…"}' });
  const claim = uniqueIds();
  return lines.map(({ where, value }) => {
    const row = rowOf(value, where, "answer");
    const id = requiredText(row, "id", "give every line an id of its own");
    claim(id, row);
    return {
      id,
      answer: textOf(row, "answer", 'write the unchanged answer; "" for an empty one'),
      prompt:
        given(row, "prompt") === undefined
          ? undefined
          : textOf(row, "prompt", "write the user's turn as plain text, or leave it out"),
      finish: finishOf(row),
    };
  });
}

/** Recorded text is taken unchanged, even if it is blank or ends in the middle of a character. */
function textOf(row: Row, field: "answer" | "prompt", hint: string): string {
  const text = given(row, field);
  if (typeof text === "string") return text;
  throw fieldError(row, field, "a text", hint);
}

function finishOf(row: Row): RecordedAnswer["finish"] {
  const finish = given(row, "finish");
  if (finish === undefined) return undefined;
  const known = finishes.find((one) => one === finish);
  if (known !== undefined) return known;
  throw fieldError(row, "finish", finishes.join(" or "), "leave it out if it is not known");
}
