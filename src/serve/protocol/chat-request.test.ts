/** Messages as chat templates read them. */
import { expect, test } from "vitest";
import { parseChatRequest } from "./chat-request.ts";

const turnsOf = (...messages: object[]) => parseChatRequest({ model: "m", messages }).turns;

test("a turn keeps what templates read, and loses what is empty", () => {
  const call = {
    id: "1",
    type: "function",
    function: { name: "weigh", arguments: '{"salt": {"grams": [1, 2.5]}}' },
  };
  expect(
    turnsOf(
      { role: "developer", content: "Be brief." },
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
        name: "Anna",
      },
      {
        ...{ role: "assistant", content: null, tool_calls: [call], reasoning_content: "c" },
        ...{ refusal: null, audio: null, function_call: null, annotations: [] },
      },
      { role: "tool", content: "3.5", tool_call_id: "1" },
    ),
  ).toEqual([
    { role: "system", content: "Be brief." },
    { role: "user", content: "a\nb", name: "Anna" },
    {
      role: "assistant",
      content: null,
      reasoning_content: "c",
      tool_calls: [
        { id: "1", type: "function", function: { name: "weigh", arguments: { salt: { grams: [1, 2.5] } } } },
      ],
    },
    { role: "tool", content: "3.5", tool_call_id: "1" },
  ]);
});

test.each([
  [
    "arguments that are not JSON",
    { tool_calls: [{ type: "function", function: { name: "a", arguments: "x" } }] },
    "messages.0.tool_calls.0.function.arguments",
  ],
  ["a refusal", { content: "", refusal: "no" }, "messages.0.refusal"],
  ["annotations", { content: "", annotations: [{}] }, "messages.0.annotations.0"],
  ["nothing said", { content: null, tool_calls: [] }, "messages.0.content"],
])("%s: refused by the field's name", (_name, fields, param) => {
  expect(() => turnsOf({ role: "assistant", ...fields })).toThrow(
    expect.objectContaining({ status: 400, param }),
  );
});
