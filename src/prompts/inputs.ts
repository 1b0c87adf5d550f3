/**
 * The inputs of `capture` and `generate`: each line is plain text, exact token ids, or chat messages. A prompt set
 * can be used unchanged; these two commands ignore its metadata.
 */

import { badInput } from "../core/errors.ts";
import type { Message, Turn } from "../core/records/prompt.ts";
import { findPromptFile } from "./bundled.ts";
import { fieldError, given, type Row, requiredText, rowOf, shown } from "./rows/fields.ts";
import { earlierTurnsOf, messagesOf } from "./rows/messages.ts";
import { promptLines } from "./rows/prompt-lines.ts";
import { uniqueIds } from "./rows/unique.ts";

export type Input =
  /** Encoded as plain text, or wrapped as a user turn, behind its earlier turns, if an option of the command says so. */
  | { kind: "prompt"; id: string; prompt: string; turns?: readonly Turn[] }
  /** Used unchanged; no token is added. In a line that `generate` wrote, `promptIds` are the tokens before the answer. */
  | { kind: "ids"; id: string; ids: number[]; promptIds?: number[] }
  | { kind: "messages"; id: string; messages: Message[] };

const kinds = ["prompt", "ids", "messages"] as const;

/**
 * @param pathOrName the path of a JSON Lines file, or the name of a bundled set
 * @returns one input per line, in the file's order, at least one
 * @throws FathomError (exit 2) that names `file:line: field` for the first invalid line
 */
export async function loadInputs(pathOrName: string): Promise<Input[]> {
  const { path } = findPromptFile(pathOrName);
  const claim = uniqueIds();
  return (await promptLines(path)).map(({ where, value }) => {
    const row = rowOf(value, where);
    const input = inputIn(row);
    claim(input.id, row);
    return input;
  });
}

/** One input, from anywhere. @param where what errors call it @throws FathomError naming the first field that is wrong */
export function inputOf(value: object, where: string): Input {
  return inputIn(rowOf(value, where));
}

function inputIn(row: Row): Input {
  const id = requiredText(row, "id", "give every line an id of its own");
  const present = kinds.filter((field) => given(row, field) !== undefined);
  const [kind] = present;
  if (kind === undefined || present.length > 1) {
    throw badInput(
      row.where,
      `one of ${kinds.join(", ")}`,
      present.length === 0 ? "none of them" : present.join(" and "),
      "give each line exactly one of these keys",
    );
  }
  switch (kind) {
    case "prompt": {
      const turns = earlierTurnsOf(row);
      const prompt = requiredText(row, "prompt", "write what the model is to read");
      return { kind, id, prompt, ...(turns === undefined ? {} : { turns }) };
    }
    case "ids": {
      const ids = tokenIds(row, "ids");
      if (given(row, "prompt_ids") === undefined) return { kind, id, ids };
      return { kind, id, ids, promptIds: tokenIds(row, "prompt_ids") };
    }
    case "messages":
      return { kind, id, messages: messagesOf(row) };
  }
}

function tokenIds(row: Row, field: "ids" | "prompt_ids"): number[] {
  const ids = given(row, field);
  const hint = "the model's own token ids, e.g. [1, 5, 9]";
  if (!Array.isArray(ids) || ids.length === 0) throw fieldError(row, field, "a list of token ids", hint);
  return ids.map((id: unknown, index) => {
    // Ids must fit into an int32 tensor. The model checks later whether its vocabulary has them.
    if (typeof id === "number" && Number.isInteger(id) && id >= 0 && id < 2 ** 31) return id;
    throw badInput(`${row.where}: ${field}[${index}]`, "a whole number of 0 or more", shown(id), hint);
  });
}
