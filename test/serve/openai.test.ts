/** The official client, because it is what users run. */
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError } from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type ServedModel, serveForTest } from "../support/served-model.ts";
import { ask, user } from "./ask.ts";

let served: ServedModel;
let client: OpenAI;
beforeAll(async () => {
  served = await serveForTest();
  client = new OpenAI({ baseURL: served.url, apiKey: served.token, maxRetries: 0 });
});
afterAll(async () => {
  await served.close();
});
const messages = [{ role: "user" as const, content: "I have a question. How do I brew tea?" }];

test("lists the model, asks it, and reads log probabilities", async () => {
  const models = await client.models.list();
  expect(models.data.map(({ id }) => id)).toEqual(["demo"]);
  const answer = await client.chat.completions.create({
    ...{
      model: "demo",
      messages,
      temperature: 0,
      max_completion_tokens: 24,
      logprobs: true,
      top_logprobs: 2,
    },
  });
  const { content } = (await ask(served, { messages: user(messages[0]!.content) })).body.choices[0]!.message;
  expect(answer.choices[0]!.message.content).toBe(content);
  expect(answer.choices[0]!.logprobs!.content!.map(({ token }) => token).join("")).toBe(content);
  expect(answer.usage!.completion_tokens).toBe(24);
  const plain = await client.completions.create({
    model: "demo",
    prompt: "Tea",
    temperature: 0,
    max_tokens: 4,
  });
  expect(plain.choices[0]!.text).not.toBe("");
});

test("streams, and can stop in the middle", async () => {
  const ask = async () =>
    await client.chat.completions.create({
      ...{ model: "demo", messages, temperature: 0, max_completion_tokens: 24 },
      stream: true,
    });
  const pieces: string[] = [];
  for await (const chunk of await ask()) pieces.push(chunk.choices[0]!.delta.content ?? "");
  const whole = await client.chat.completions.create({
    model: "demo",
    messages,
    temperature: 0,
    max_completion_tokens: 24,
  });
  expect(pieces.join("")).toBe(whole.choices[0]!.message.content);
  for await (const chunk of await ask()) if (chunk.choices[0]!.delta.content !== "") break;
  const runner = client.chat.completions.stream({
    model: "demo",
    messages,
    temperature: 0,
    max_completion_tokens: 24,
  });
  expect(await runner.finalContent()).toBe(whole.choices[0]!.message.content);
});

test("knows our errors as its own", async () => {
  const create = (fields: object) => client.chat.completions.create({ model: "demo", messages, ...fields });
  await expect(create({ top_p: 0.5 })).rejects.toThrow(BadRequestError);
  await expect(create({ top_p: 0.5 })).rejects.toMatchObject({
    param: "top_p",
    type: "invalid_request_error",
  });
  await expect(create({ model: "gpt-4o" })).rejects.toThrow(NotFoundError);
  const stranger = new OpenAI({ baseURL: served.url, apiKey: "wrong", maxRetries: 0 });
  await expect(stranger.models.list()).rejects.toThrow(AuthenticationError);
});
