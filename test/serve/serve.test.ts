/** The real server over the bundled checkpoint, asked over real HTTP. */
import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";
import { text as textOfStream } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { endsOf, textOf } from "../../src/model/checkpoint/checkpoint.ts";
import type { Generation } from "../../src/model/engine/generation.ts";
import { type ServedModel, serveForTest } from "../support/served-model.ts";
import { ask, type Completion, post, user } from "./ask.ts";

let served: ServedModel;
beforeAll(async () => {
  served = await serveForTest();
});
afterAll(async () => {
  expect(served.faults).toEqual([]);
  await served.close();
});

const tale = "I have a question. Make up a short tale about someone who uses vendoth salt.";
const tea = "How do I brew tea?";

/** What `fathom generate` computes. */
async function generated(content: string, maxNewTokens: number): Promise<Generation & { text: string }> {
  const { model } = served;
  const { template, tokenizer } = textOf(model.checkpoint);
  const ids = template!.encode([{ role: "user", content }], { addGenerationPrompt: true });
  const found: Generation[] = [];
  await model.generate(
    [{ id: "a", ids, maxNewTokens, temperature: 0, seed: 0 }],
    { endTokens: endsOf(model.checkpoint), batchSize: 1, watch: [], captureLayers: [], edits: [] },
    (generation) => found.push(generation),
  );
  return { ...found[0]!, text: tokenizer.decode(found[0]!.ids, { skipSpecial: true }) };
}

describe("an answer", () => {
  test("is that of `generate`, with its end and its numbers of tokens", async () => {
    const whole = await generated(tale, 100);
    const { status, body } = await ask(served, { messages: user(tale), max_tokens: 100 });
    expect(status).toBe(200);
    expect(body.choices[0]).toMatchObject({
      message: { role: "assistant", content: whole.text },
      logprobs: null,
      finish_reason: "stop",
    });
    const prompt = body.usage.prompt_tokens;
    expect(prompt).toBe(25);
    expect(body.usage).toEqual({
      prompt_tokens: prompt,
      completion_tokens: whole.ids.length,
      total_tokens: prompt + whole.ids.length,
    });
    const cut = await ask(served, { messages: user(tale), max_tokens: 5 });
    expect(cut.body.choices[0]).toMatchObject({ finish_reason: "length" });
    expect(cut.body.usage.completion_tokens).toBe(5);
    expect(whole.text.startsWith(cut.body.choices[0]!.message.content)).toBe(true);
    expect(cut.body.id).not.toBe(body.id);
    expect(cut.body.system_fingerprint).toBe(body.system_fingerprint);
  });

  test("equals the answer alone when many requests of different lengths come at once", async () => {
    const requests = [tale, tea, "Hello", `${tea} `.repeat(30)].flatMap((content) =>
      [8, 24, 120].map((max_tokens) => ({
        messages: user(content),
        max_tokens,
        logprobs: true,
        top_logprobs: 3,
      })),
    );
    const drawn = [1, 2].map((seed) => ({ messages: user(tea), temperature: 1, seed, logprobs: true }));
    const content = ({ body }: { body: Completion }) => [body.choices, body.usage];
    const together = await Promise.all([...requests, ...drawn].map((one) => ask(served, one)));
    for (const [i, one] of [...requests, ...drawn].entries())
      expect(content(await ask(served, one))).toEqual(content(together[i]!));
  });

  test("drawn with a seed is the same again, and without a seed another one", async () => {
    const draw = async (fields: object) =>
      (await ask(served, { messages: user(tea), temperature: 2, ...fields })).body.choices[0]!.message
        .content;
    expect(await draw({ seed: 5 })).toBe(await draw({ seed: 5 }));
    expect(await draw({ seed: 5 })).not.toBe(await draw({ seed: -6 }));
    expect(await draw({})).not.toBe(await draw({}));
    // OpenAI's interface draws at temperature 1 unless the request says otherwise.
    expect(await draw({ temperature: undefined, seed: 5 })).toBe(await draw({ temperature: 1, seed: 5 }));
  });

  test.each([
    ["one text", " salt", "This is the tale of vendoth"],
    ["the first of several", ["lamp", "Ilva", "evening Il"], "This is the tale of vendoth salt. One spring "],
    ["inside a token", "le of", "This is the ta"],
  ])("ends at a stop text: %s", async (_name, stop, expected) => {
    const { body } = await ask(served, { messages: user(tale), stop, max_tokens: 100, logprobs: true });
    expect(body.choices[0]).toMatchObject({ message: { content: expected }, finish_reason: "stop" });
    expect(body.usage.completion_tokens).toBeLessThan(30);
    const joined = body.choices[0]!.logprobs!.content.map(({ token }) => token).join("");
    expect(joined.startsWith(expected)).toBe(true);
  });

  test("with a stop text that does not come is whole, also if its end looks like the stop's beginning", async () => {
    const { text } = await generated(tale, 100);
    const stop = [`${text.slice(-6)} once`, "nowhere"];
    const { body } = await ask(served, { messages: user(tale), stop, max_tokens: 100 });
    expect(body.choices[0]!.message.content).toBe(text);
  });
});

test("log probabilities are those of capture's logits, and the bytes of the tokens are the text", async () => {
  const { body } = await ask(served, { messages: user(tale), logprobs: true, top_logprobs: 20 });
  const { ids } = await generated(tale, 24);
  const { checkpoint } = served.model;
  const { tokenizer, template } = textOf(checkpoint);
  const prompt = template!.encode([{ role: "user", content: tale }], { addGenerationPrompt: true });
  const V = checkpoint.config.vocabSize;
  const logits = new Float32Array((prompt.length + ids.length) * V);
  let at = 0;
  await served.model.capture(
    [{ id: "a", ids: [...prompt, ...ids] }],
    { layers: [], logits: true, edits: [] },
    ({ values }) => {
      logits.set(values, at);
      at += values.length;
    },
  );
  expect(at).toBe(logits.length);
  const { content } = body.choices[0]!.logprobs!;
  expect(content).toHaveLength(24);
  content.forEach(({ token, logprob, top_logprobs: top }, step) => {
    const row = Array.from(logits.subarray((prompt.length - 1 + step) * V, (prompt.length + step) * V));
    const sum = Math.log(row.reduce((total, logit) => total + Math.exp(logit), 0));
    const ranked = row.map((logit) => logit - sum).sort((a, b) => b - a);
    expect(token).toBe(tokenizer.decode([...prompt, ids[step]!]).slice(tokenizer.decode(prompt).length));
    expect(Math.abs(logprob - (row[ids[step]!]! - sum))).toBeLessThan(1e-5);
    expect(top).toHaveLength(20);
    // The answer is greedy.
    expect(top[0]).toMatchObject({ token, logprob });
    top.forEach((one, i) => {
      expect(Math.abs(one.logprob - ranked[i]!)).toBeLessThan(1e-5);
    });
    expect(top.reduce((total, one) => total + Math.exp(one.logprob), 0)).toBeLessThanOrEqual(1);
  });
  const bytes = Buffer.from(content.flatMap((token) => token.bytes));
  expect(bytes.toString("utf8")).toBe(body.choices[0]!.message.content);
  const none = await ask(served, { messages: user(tale), logprobs: true });
  expect(none.body.choices[0]!.logprobs!.content[0]!.top_logprobs).toEqual([]);
});

describe("a request is refused with one error that names the field", () => {
  test.each([
    [
      "a sampler that we do not have",
      { top_p: 0.9 },
      "top_p",
      "expected 1: this server draws from all tokens",
    ],
    ["several answers", { n: 2 }, "n", "expected 1"],
    ["penalties", { frequency_penalty: 0.5 }, "frequency_penalty", "no penalties"],
    ["changed logits", { logit_bias: { 5: 100 } }, "logit_bias", "changes no logits"],
    [
      "a forced format",
      { response_format: { type: "json_object" } },
      "response_format.type",
      "forces no format",
    ],
    [
      "a forced tool",
      { tools: [{ type: "function" }], tool_choice: "required" },
      "tool_choice",
      '"auto" or "none"',
    ],
    ["an unknown field", { guided_regex: "a+" }, "guided_regex", "does not ignore it"],
    ["an unknown field inside", { stream_options: { x: 1 } }, "stream_options.x", "does not know"],
    ["no messages", { messages: [] }, "messages", "Too small"],
    ["a text for a number", { temperature: "hot" }, "temperature", "expected number"],
    ["a temperature below 0", { temperature: -1 }, "temperature", "Too small"],
    ["no tokens", { max_tokens: 0 }, "max_tokens", "Too small"],
    ["two numbers of tokens", { max_completion_tokens: 25 }, "max_tokens", "the same number"],
    ["too many log probabilities", { logprobs: true, top_logprobs: 21 }, "top_logprobs", "Too big"],
    ["top without log probabilities", { top_logprobs: 2 }, "top_logprobs", "logprobs to be true"],
    ["an empty stop text", { stop: ["a", ""] }, "stop.1", "Too small"],
    [
      "an unknown role",
      { messages: [{ role: "judge", content: "a" }] },
      "messages.0.role",
      "expected one of",
    ],
    [
      "a picture",
      { messages: user([{ type: "image_url" }] as never) },
      "messages.0.content",
      "expected a text",
    ],
    ["a turn without content", { messages: [{ role: "user" }] }, "messages.0.content", "found none"],
    ["too long a prompt", { messages: user("tea ".repeat(600)) }, "messages", "at most 511 tokens"],
    ["another model", { model: "gpt-4o" }, "model", '"demo", not "gpt-4o"'],
  ])("%s", async (_name, fields, param, message) => {
    const { status, body } = await ask(served, { messages: user(tea), ...fields });
    expect(status).toBe(param === "model" ? 404 : 400);
    expect(body.error).toMatchObject({ param });
    expect(body.error.message).toContain(message);
    expect(body.error.message).not.toContain("\n");
  });

  test("but values that change nothing are accepted", async () => {
    const plain = await ask(served, { messages: user(tea) });
    const full = await ask(served, {
      messages: [{ role: "user", content: [{ type: "text", text: tea }], name: "Anna" }],
      ...{ n: 1, top_p: 1, top_k: -1, presence_penalty: 0, frequency_penalty: null, logit_bias: {} },
      ...{ user: "a", metadata: { run: "1" }, store: false, stop: null, seed: null, logprobs: false },
      ...{ tools: [], tool_choice: "auto", response_format: { type: "text" }, stream: false },
      ...{ max_tokens: undefined, max_completion_tokens: 24 },
    });
    expect(full.status).toBe(200);
    expect(full.body.choices).toEqual(plain.body.choices);
  });

  test("a body that is not JSON, is nested without end, or is too large", async () => {
    const refused = async (body: string) => {
      const reply = await post(served, "/chat/completions", body);
      return [reply.status, reply.body.error.message];
    };
    expect(await refused("{")).toEqual([400, expect.stringMatching(/^the body: expected JSON, found /)]);
    expect(await refused("[1]")).toEqual([400, expect.stringMatching(/^the body: /)]);
    expect(await refused("[".repeat(100_000) + "]".repeat(100_000))).toEqual([
      400,
      expect.stringContaining("lists inside each other"),
    ]);
    const large = [413, "the body: expected at most 8388608 bytes"];
    expect(await refused(`"${"a".repeat(9 * 2 ** 20)}"`)).toEqual(large);
    // Without a length in its header, the body is counted while it comes.
    const piece = new TextEncoder().encode(`"${"a".repeat(2 ** 20)}`);
    let pieces = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(piece);
        if (++pieces === 64) controller.close();
      },
    });
    const reply = await post(served, "/chat/completions", endless);
    expect([reply.status, reply.body.error.message]).toEqual(large);
  });
});

describe("who may ask", () => {
  const models = async (headers: Record<string, string>, method = "GET", path = "/v1/models") => {
    const { port } = new URL(served.url);
    const asked = request({ host: "127.0.0.1", port, path, method, headers });
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      asked.on("response", resolve).on("error", reject).end();
    });
    return { status: response.statusCode, headers: response.headers, body: await textOfStream(response) };
  };
  const right = () => ({ authorization: `Bearer ${served.token}` });

  test("only a request with the token, and it learns which model there is", async () => {
    const found = await models(right());
    expect(found.status).toBe(200);
    expect(JSON.parse(found.body)).toMatchObject({
      object: "list",
      data: [{ id: "demo", object: "model", owned_by: "fathom", max_model_len: 512 }],
    });
    for (const headers of [
      {},
      { authorization: "Bearer other" },
      { authorization: served.token },
      { authorization: `Basic ${served.token}` },
      { authorization: `Bearer ${served.token}x` },
    ]) {
      const refused = await models(headers);
      expect(refused.status).toBe(401);
      expect(JSON.parse(refused.body)).toMatchObject({ error: { code: "invalid_api_key" } });
      expect(refused.body).not.toContain(served.token);
    }
  });

  test("not a page whose domain leads to this machine, and no other origin", async () => {
    const { port } = new URL(served.url);
    expect((await models({ ...right(), host: `localhost:${port}` })).status).toBe(200);
    for (const host of ["example.org", `example.org:${port}`, "127.0.0.1:1", `127.0.0.1.example.org:${port}`])
      expect((await models({ ...right(), host })).status).toBe(403);
    const { headers } = await models({ ...right(), origin: "https://example.org" });
    expect(Object.keys(headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("another path or method is refused by name", async () => {
    expect((await models(right(), "GET", "/v1/embeddings")).status).toBe(404);
    expect((await models(right(), "GET", "/v1/chat/completions")).status).toBe(405);
    expect((await models(right(), "OPTIONS", "/v1/chat/completions")).status).toBe(405);
    for (const path of ["/__proto__", "//", "/v1/models/", "/v1/models%00"])
      expect((await models(right(), "GET", path)).status).toBe(404);
    expect((await models(right(), "GET", "/v1/models?limit=1")).status).toBe(200);
  });

  test("a client that goes in the middle of its body is no fault of the server's", async () => {
    const { port } = new URL(served.url);
    const socket = connect(Number(port), "127.0.0.1");
    const head = [
      "POST /v1/chat/completions HTTP/1.1",
      `Host: 127.0.0.1:${port}`,
      `Authorization: Bearer ${served.token}`,
    ];
    await new Promise((resolve) =>
      socket.write([...head, "Content-Length: 100", "", "{"].join("\r\n"), resolve),
    );
    await models(right());
    socket.destroy();
    // The fault would be known before the next answer.
    await models(right());
    expect(served.faults).toEqual([]);
  });
});
