import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FathomError } from "../core/errors.ts";
import { loadInputs } from "./inputs.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "fathom-inputs-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function file(...rows: unknown[]): string {
  const path = join(folder, "inputs.jsonl");
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

describe("what capture and generate read", () => {
  test("text, exact ids and messages, mixed and in order", async () => {
    const messages = [
      { role: "system", content: "" },
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi" },
    ];
    const inputs = await loadInputs(
      file({ id: "t", prompt: "  Once upon" }, { id: "i", ids: [1, 0, 9] }, { id: "m", messages }),
    );
    expect(inputs).toEqual([
      { kind: "prompt", id: "t", prompt: "  Once upon" },
      { kind: "ids", id: "i", ids: [1, 0, 9] },
      { kind: "messages", id: "m", messages },
    ]);
  });

  test("an answer in the form that generate writes, with the tokens of its prompt", async () => {
    const line = { id: "a", prompt_ids: [1, 2], ids: [3], text: "Hi", finish: "stop" };
    expect(await loadInputs(file(line))).toEqual([{ kind: "ids", id: "a", promptIds: [1, 2], ids: [3] }]);
    await expect(loadInputs(file({ ...line, prompt_ids: [1, -2] }))).rejects.toThrow(/:1: prompt_ids\[1\]/);
  });

  test("a prompt set, by name or by path, whatever its metadata", async () => {
    expect(await loadInputs(file({ id: "a", prompt: "Why?", tier: "whatever", ids: null }))).toEqual([
      { kind: "prompt", id: "a", prompt: "Why?" },
    ]);
    expect((await loadInputs("biology")).every(({ kind }) => kind === "prompt")).toBe(true);
  });

  const user = { role: "user", content: "Hello" };
  test.each<[string, unknown, RegExp]>([
    ["no object", [1, 2], /:2: expected a JSON object/],
    ["no id", { prompt: "Why?" }, /:2: id: expected a text, found no such field/],
    ["a duplicate id", { id: "a", prompt: "Why?" }, /:2: id: expected an id that no other line has/],
    ["nothing to read", { id: "b" }, /:2: expected one of prompt, ids, messages, found none of them/],
    [
      "two ways at once",
      { id: "b", prompt: "x", ids: [1] },
      /:2: expected one of .*found prompt and ids\. Try/,
    ],
    ["an empty prompt", { id: "b", prompt: "" }, /:2: prompt: expected a text that is not blank/],
    [
      "ids that are no list",
      { id: "b", ids: "1 5 9" },
      /:2: ids: expected a list of token ids, found "1 5 9"/,
    ],
    ["no ids", { id: "b", ids: [] }, /:2: ids: expected a list of token ids, found a list \[\]/],
    ["a negative id", { id: "b", ids: [1, -5] }, /:2: ids\[1\]: expected a whole number .*the number -5/],
    ["half an id", { id: "b", ids: [0.5] }, /:2: ids\[0\]: .*the number 0\.5/],
    ["an id beyond int32", { id: "b", ids: [2 ** 31] }, /:2: ids\[0\]: /],
    ["a text among the ids", { id: "b", ids: [1, "5"] }, /:2: ids\[1\]: .*found "5"/],
    ["messages that are no list", { id: "b", messages: user }, /:2: messages: expected a list of messages/],
    ["no message", { id: "b", messages: [] }, /:2: messages: expected a list of messages, found a list \[\]/],
    ["a message that is a text", { id: "b", messages: ["Hi"] }, /:2: messages\[0\]: expected a JSON object/],
    [
      "an unknown role",
      { id: "b", messages: [user, { ...user, role: "tool" }] },
      /messages\[1\]: role: .*"tool"/,
    ],
    ["no role", { id: "b", messages: [{ content: "Hi" }] }, /:2: messages\[0\]: role: .*no such field/],
    ["no content", { id: "b", messages: [{ role: "user" }] }, /messages\[0\]: content: expected a text/],
    [
      "content in parts",
      { id: "b", messages: [{ role: "user", content: [] }] },
      /content: .*found a list \[\]/,
    ],
    [
      "more than a turn",
      { id: "b", messages: [{ ...user, name: "Ann" }] },
      /messages\[0\]: name: .*found "Ann"/,
    ],
    [
      "half a character",
      { id: "b", messages: [{ ...user, content: "\udc00" }] },
      /content: expected Unicode text/,
    ],
  ])("%s is refused", async (_name, row, message) => {
    const error: unknown = await loadInputs(file({ id: "a", prompt: "Why?" }, row)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FathomError);
    expect((error as FathomError).message).toMatch(message);
    expect((error as FathomError).exit).toBe(2);
  });
});
