/** Reads recorded answers of any source, one per line: the input of `judge`. */

import { fieldError, given, type Row, requiredText, rowOf } from "./rows/fields.ts";
import { promptLines } from "./rows/prompt-lines.ts";
import { uniqueIds } from "./rows/unique.ts";

export interface RecordedAnswer {
  id: string;
  /** May be empty: a model can give an empty answer. May begin with a thought between marks (core/channels.ts). */
  answer: string;
  /** The thought that was recorded beside the answer; null if there is none. */
  reasoning: string | null;
  /** The user's turn, if known. */
  prompt: string | undefined;
  /** stop: the model ended by itself; length: the answer was cut; undefined: it was not recorded. */
  finish: (typeof finishes)[number] | undefined;
}

const finishes = ["stop", "length"] as const;

/** Where endpoints put a thought: vLLM and OpenRouter use the first name, DeepSeek and older versions of vLLM the second. */
const reasoningFields = ["reasoning", "reasoning_content"] as const;

/**
 * @returns one answer per line, in the file's order, at least one; other fields are ignored
 * @throws FathomError (exit 2) that names `file:line: field` for the first invalid line
 */
export async function loadAnswers(path: string): Promise<RecordedAnswer[]> {
  const lines = await promptLines(path, { one: "answer", example: '{"id": "a", "answer": "…"}' });
  const claim = uniqueIds();
  return lines.map(({ where, value }) => {
    const row = rowOf(value, where, "answer");
    const answer = recordedAnswer(row);
    claim(answer.id, row);
    return answer;
  });
}

/**
 * The answer of one line.
 * @param field where the text of the answer is
 * @throws FathomError that names the first invalid field
 */
export function recordedAnswer(row: Row, field = "answer"): RecordedAnswer {
  const id = requiredText(row, "id", "give every line an id of its own");
  const reasoning = reasoningOf(row);
  // Endpoints write null for an answer that was cut in its thought.
  const isNull = reasoning !== null && row.fields[field] === null;
  return {
    id,
    answer: isNull ? "" : textOf(row, field, 'write the unchanged answer; "" for an empty one'),
    reasoning,
    prompt:
      given(row, "prompt") === undefined
        ? undefined
        : textOf(row, "prompt", "write the user's turn as plain text, or leave it out"),
    finish: finishOf(row),
  };
}

/** Recorded text is taken unchanged, even if it is blank or ends in the middle of a character. */
function textOf(row: Row, field: string, hint: string): string {
  const text = given(row, field);
  if (typeof text === "string") return text;
  throw fieldError(row, field, "a text", hint);
}

/** Both fields may hold the same text, as some servers write it. Values of other kinds are no thoughts ("effort": "high"). */
function reasoningOf(row: Row): string | null {
  const texts = reasoningFields.map((field) => given(row, field));
  return texts.find((text): text is string => typeof text === "string" && text !== "") ?? null;
}

function finishOf(row: Row): RecordedAnswer["finish"] {
  const finish = given(row, "finish");
  if (finish === undefined) return undefined;
  const known = finishes.find((one) => one === finish);
  if (known !== undefined) return known;
  throw fieldError(row, "finish", finishes.join(" or "), "leave it out if it is not known");
}
