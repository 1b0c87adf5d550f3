/** Recorded answers, whoever generated them: what `judge` reads, one a line. */

import { fieldError, given, type Row, requiredText, rowOf } from "./fields.ts";
import { promptLines } from "./prompt-lines.ts";
import { uniqueIds } from "./unique.ts";

export interface RecordedAnswer {
  id: string;
  /** May be empty: a model that says nothing has answered nothing. */
  answer: string;
  /** The user's turn, where known. */
  prompt: string | undefined;
  /** stop: the model ended by itself; length: it was cut; undefined: nobody recorded it. */
  finish: (typeof finishes)[number] | undefined;
}

const finishes = ["stop", "length"] as const;

/**
 * @returns one answer a line, in the file's order, at least one; fields that are not named here are not read
 * @throws FathomError (exit 2) naming `file:line: field` for the first line that is wrong
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
      answer: textOf(row, "answer", 'write the answer as it was, "" where it was empty'),
      prompt:
        given(row, "prompt") === undefined
          ? undefined
          : textOf(row, "prompt", "write the user's turn as plain text, or leave it out"),
      finish: finishOf(row),
    };
  });
}

/** Recorded text is taken as it is, blank or broken off within a character too. */
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
  throw fieldError(row, "finish", finishes.join(" or "), "leave it out where it is not known");
}
