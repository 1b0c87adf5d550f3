/** A model that thinks before it answers: two channels, whole and streamed. */
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { splitReasoning } from "../../src/core/channels.ts";
import { textOf } from "../../src/model/checkpoint/checkpoint.ts";
import { scratch } from "../cli/fathom.ts";
import { type ServedModel, serveForTest } from "../support/served-model.ts";
import { chatMl, opensThought, refusesAfterThought, writeThinker } from "../support/thinker.ts";
import { ask, streamed, user } from "./ask.ts";

const folder = scratch();
const templates = { "opens the thought": opensThought, "lets the model open it": chatMl };
const served = new Map<string, ServedModel>();
beforeAll(async () => {
  for (const [name, template] of Object.entries(templates)) {
    const place = join(folder, name);
    writeThinker(place, refusesAfterThought, { template });
    served.set(name, await serveForTest(place));
  }
});
afterAll(async () => {
  for (const one of served.values()) {
    expect(one.faults).toEqual([]);
    await one.close();
  }
});
const messages = user("How is the soup made?");

test.each(Object.keys(templates))("a template that %s", async (name) => {
  const own = served.get(name)!;
  for (let seed = 0; seed < 8; seed++) {
    const fields = { messages, temperature: 1, seed, max_tokens: 100, logprobs: true };
    const { choices, usage } = (await ask(own, fields)).body;
    const { message, logprobs } = choices[0]!;
    expect(message.content).toMatch(
      /^I'm sorry, but I can't help with that\.( Ask me about lemonade instead\.)?$/,
    );
    expect(message.reasoning_content).toMatch(/^They ask how the soup is made\..* I should decline\.$/s);
    // The first token holds the line breaks that the content leaves out.
    expect(
      logprobs!.content
        .map(({ token }) => token)
        .join("")
        .trimStart(),
    ).toBe(message.content);
    const thought = usage.completion_tokens_details!.reasoning_tokens;
    expect(thought + logprobs!.content.length).toBe(usage.completion_tokens);
    expect(thought).toBeGreaterThanOrEqual(3);
    const { chunks, done } = await streamed(own, { ...fields, stream_options: { include_usage: true } });
    const deltas = chunks.flatMap(({ choices: [choice] }) => (choice === undefined ? [] : [choice.delta]));
    expect(done).toBe(true);
    expect(deltas.map(({ content }) => content ?? "").join("")).toBe(message.content);
    expect(deltas.map(({ reasoning_content: thinks }) => thinks ?? "").join("")).toBe(
      message.reasoning_content,
    );
    expect(chunks.at(-1)!.usage).toEqual(usage);
    // The text alone is divided at the same places.
    const raw = await ask(
      own,
      { ...fields, prompt: "How?", logprobs: null, messages: undefined },
      "/completions",
    );
    expect(raw.body.choices[0]!.text).toContain("</think>");
    expect(splitReasoning(`<think>${raw.body.choices[0]!.text}`).answer).toMatch(/^I'm sorry/);
  }
});

test("an answer that is cut in its thought has no content, and stop texts end no thought", async () => {
  const own = served.get("opens the thought")!;
  const cut = (await ask(own, { messages, max_tokens: 1 })).body;
  expect(cut.choices[0]).toMatchObject({
    message: { content: "", reasoning_content: "They ask how the soup is made." },
    finish_reason: "length",
  });
  expect(cut.usage.completion_tokens_details).toEqual({ reasoning_tokens: 1 });
  const fields = { messages, temperature: 1, seed: 3, max_tokens: 100 };
  const { choices } = (await ask(own, { ...fields, stop: [" help", "soup"] })).body;
  expect(choices[0]).toMatchObject({ message: { content: "I'm sorry, but I can't" }, finish_reason: "stop" });
});

test("chat_template_kwargs turn the thought off", async () => {
  const own = served.get("opens the thought")!;
  const { choices, usage } = (await ask(own, { messages, chat_template_kwargs: { enable_thinking: false } }))
    .body;
  expect(choices[0]!.message).not.toHaveProperty("reasoning_content");
  expect(choices[0]!.message.content).toMatch(/^\n\nI'm sorry/);
  expect(usage).not.toHaveProperty("completion_tokens_details");
});

test("tools and variables that the template would leave out are refused, and others are written", async () => {
  const place = join(folder, "tools");
  const template = chatMl.replace("{% for", "{{ (tools | tojson) if tools }}{{ strftime_now('%Y') }}{% for");
  writeThinker(place, refusesAfterThought, { template });
  const own = await serveForTest(place);
  const tools = [{ type: "function", function: { name: "weigh", parameters: { type: "object" } } }];
  const tokens = async (fields: object) => (await ask(own, { messages, ...fields })).body.usage.prompt_tokens;
  const { template: parsed } = textOf(own.model.checkpoint);
  const turns = [{ role: "user" as const, content: messages[0]!.content }];
  const options = { addGenerationPrompt: true };
  expect(await tokens({ tools })).toBe(parsed!.encode(turns, { ...options, tools }).length);
  expect(await tokens({ tools, tool_choice: "none" })).toBe(parsed!.encode(turns, options).length);
  await own.close();
  const without = served.get("opens the thought")!;
  const refused = async (fields: object) => (await ask(without, { messages, ...fields })).body.error;
  expect(await refused({ tools })).toMatchObject({ param: "tools" });
  expect(await refused({ chat_template_kwargs: { enable_thought: false } })).toMatchObject({
    param: "chat_template_kwargs.enable_thought",
    message: expect.stringContaining("(enable_thinking)") as string,
  });
});
