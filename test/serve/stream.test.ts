/** Streams: their pieces joined are the whole answer, whatever the tokens are. */
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { textOf } from "../../src/model/checkpoint/checkpoint.ts";
import { openModel } from "../../src/model/model.ts";
import { scratch } from "../cli/fathom.ts";
import { type ServedModel, serveForTest, serveOver } from "../support/served-model.ts";
import { writeThinker } from "../support/thinker.ts";
import { ask, type Chunk, streamed, user } from "./ask.ts";

const scratchFolder = scratch();
const tale = "I have a question. Make up a short tale about someone who uses vendoth salt.";
const joined = (chunks: readonly Chunk[]) =>
  chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");

/** A model that never ends its answer, with room for 20,000 tokens. */
function writeEndless(folder: string): string {
  writeThinker(folder, { "": [" tick"], " tick": [" tock"], " tock": [" tick"] }, { context: 20_000 });
  return folder;
}

/** Starts a stream of 19,000 tokens, and returns when it has begun. */
async function begun({ url, token, name }: ServedModel) {
  const controller = new AbortController();
  const response = await fetch(`${url}/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({
      ...{ model: name, messages: user("a"), temperature: 0, max_tokens: 19_000, stream: true },
    }),
    signal: controller.signal,
  });
  const reader = response.body!.getReader();
  await reader.read();
  return {
    leave: () => {
      controller.abort();
    },
    rest: async () => {
      let text = "";
      for (let next = await reader.read(); !next.done; next = await reader.read())
        text += Buffer.from(next.value).toString("utf8");
      return text;
    },
  };
}

describe("over the bundled model", () => {
  let served: ServedModel;
  beforeAll(async () => {
    served = await serveForTest();
  });
  afterAll(async () => {
    expect(served.faults).toEqual([]);
    await served.close();
  });

  test("a stream has a role, pieces, an end, and the usage if it is asked for", async () => {
    const fields = { messages: user(tale), max_tokens: 100, logprobs: true, top_logprobs: 2 };
    const whole = (await ask(served, fields)).body;
    const { chunks, done } = await streamed(served, { ...fields, stream_options: { include_usage: true } });
    expect(done).toBe(true);
    expect(joined(chunks)).toBe(whole.choices[0]!.message.content);
    expect(chunks[0]!.choices[0]!.delta).toEqual({ role: "assistant", content: "" });
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason).filter((reason) => reason != null)).toEqual(
      ["stop"],
    );
    expect(chunks.flatMap(({ choices }) => choices[0]?.logprobs?.content ?? [])).toEqual(
      whole.choices[0]!.logprobs!.content,
    );
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true);
    // One piece per token: nothing waits for the end.
    expect(chunks.length).toBeGreaterThan(50);
    const plain = await streamed(served, fields);
    expect(plain.chunks.some((chunk) => "usage" in chunk)).toBe(false);
  });

  test("drawn tokens that are no text, and stop texts, give the same stream as the whole", async () => {
    let broken = 0;
    for (let seed = 0; seed < 12; seed++) {
      const fields = { messages: user(tale), temperature: 2, seed, stop: ["th", "q", ". "].slice(seed % 3) };
      const [whole, { chunks, done }] = await Promise.all([ask(served, fields), streamed(served, fields)]);
      expect(joined(chunks)).toBe(whole.body.choices[0]!.message.content);
      expect(done).toBe(true);
      broken += /\uFFFD/.test(joined(chunks)) ? 1 : 0;
    }
    expect(broken).toBeGreaterThan(0);
  });

  test("a wrong request gets an error and no stream; a stream that fails ends with one", async () => {
    expect((await ask(served, { messages: user(tale), stream: true, top_p: 0.5 })).status).toBe(400);
    expect((await ask(served, { messages: user(tale), stream_options: {} })).body.error.param).toBe(
      "stream_options",
    );
    const own = await serveForTest(writeEndless(scratchFolder));
    const { rest } = await begun(own);
    await own.close();
    const events = (await rest()).trim().split("\n\n");
    expect(JSON.parse(events.at(-1)!.slice("data: ".length))).toMatchObject({
      error: { message: "the server is closing", type: "server_error" },
    });
    expect(events).not.toContain("data: [DONE]");
  });

  test("plain text and exact ids are continued as they are", async () => {
    const fields = { prompt: "The salt of", max_tokens: 12, logprobs: 2 };
    const { status, body } = await ask(served, fields, "/completions");
    expect(status).toBe(200);
    const { text, logprobs, finish_reason: finish } = body.choices[0]!;
    expect(finish).toBe("length");
    const { tokens, token_logprobs, top_logprobs, text_offset } = logprobs as unknown as {
      tokens: string[];
      token_logprobs: number[];
      top_logprobs: Record<string, number>[];
      text_offset: number[];
    };
    expect(tokens).toHaveLength(12);
    expect(tokens.join("")).toBe(text);
    tokens.forEach((token, i) => {
      expect(top_logprobs[i]![token]).toBe(token_logprobs[i]);
      expect(text.slice(text_offset[i])).toMatch(
        new RegExp(`^${token.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`),
      );
    });
    const { chunks, done } = await streamed(served, fields, "/completions");
    expect(done).toBe(true);
    expect(chunks.map(({ choices }) => choices[0]!.text).join("")).toBe(text);
    const offsets = chunks.flatMap(({ choices }) => {
      const one = choices[0]!.logprobs as unknown as { text_offset: number[] } | null;
      return one?.text_offset ?? [];
    });
    expect(offsets).toEqual(text_offset);
    const checkpointText = served.model.checkpoint.text as {
      tokenizer: { encode(text: string, o: object): number[] };
    };
    const ids = checkpointText.tokenizer.encode("The salt of", { addSpecial: true });
    for (const prompt of [ids, ["The salt of"], [ids]])
      expect((await ask(served, { ...fields, prompt }, "/completions")).body.choices).toEqual(body.choices);
    const refused = async (wrong: object) =>
      (await ask(served, { ...fields, ...wrong }, "/completions")).body.error;
    expect(await refused({ echo: true })).toMatchObject({ param: "echo" });
    expect(await refused({ prompt: ["a", "b"] })).toMatchObject({ param: "prompt" });
    expect((await refused({ prompt: [1, 5000] })).message).toContain("5000");
  });

  test("when the client goes, its row leaves the batch", async () => {
    const model = await openModel(writeEndless(scratchFolder), { threads: 1 });
    const [finished, runs]: [string[], Promise<void>[]] = [[], []];
    const own = await serveOver({
      ...model,
      generateLive(requests, options, onRow, onNew) {
        const live = model.generateLive(
          requests,
          options,
          (row, index) => {
            finished.push(row.id);
            onRow(row, index);
          },
          onNew,
        );
        runs.push(live.done);
        return live;
      },
    });
    const { leave } = await begun(own);
    leave();
    await Promise.all(runs);
    expect(finished).toEqual([]);
    expect((await ask(own, { messages: user("a") })).status).toBe(200);
    expect(finished).toHaveLength(1);
    await own.close();
  });
});

test("a character whose bytes are in four tokens comes in one piece", async () => {
  // The letters of the bytes F0 9F 99 82, which are 🙂.
  const [first, second, third, last] = ["ð", "Ł", "Ļ", "Ĥ"];
  const folder = join(scratchFolder, "smiles");
  writeThinker(folder, {
    "": [first],
    [first]: [second],
    [second]: [third],
    [third]: [last],
    [last]: [" and", first, "<|im_end|>"],
    " and": [first],
  });
  const served = await serveForTest(folder);
  let whole = 0;
  for (let seed = 0; seed < 10; seed++) {
    const fields = { messages: user("Smile."), temperature: 1, seed, logprobs: true, max_tokens: 10 + seed };
    const { chunks } = await streamed(served, fields);
    const { message, logprobs } = (await ask(served, fields)).body.choices[0]!;
    expect(joined(chunks)).toBe(message.content);
    const bytes = Buffer.from(logprobs!.content.flatMap((token) => token.bytes));
    expect(bytes.toString("utf8")).toBe(message.content);
    expect(logprobs!.content[0]).toMatchObject({ token: "bytes:\\xf0", bytes: [0xf0] });
    // Only an answer that was cut can end inside a character.
    for (const { choices } of chunks.slice(0, -2))
      expect(choices[0]?.delta.content ?? "").toMatch(/^(🙂| and)*$/u);
    whole += /^🙂/u.test(message.content) ? 1 : 0;
  }
  expect(whole).toBe(10);
  await served.close();
});

test("a request whose numbers become infinite fails alone, and the others go on where they were", async () => {
  const folder = join(scratchFolder, "breaks");
  const says = {
    "": [" tick"],
    " tick": [" tock", " tack"],
    " tock": [" tick"],
    " tack": [" tock"],
    boom: [" tick"],
  };
  writeThinker(folder, says, { context: 4000, breaksAt: "boom" });
  const served = await serveForTest(folder);
  const { tokenizer } = textOf(served.model.checkpoint);
  const boom = [tokenizer.idOf("boom")!];
  const long = [1, 2, 3].map((seed) => ({
    ...{
      messages: user("a"),
      temperature: 1,
      seed,
      max_tokens: 900,
      stream_options: { include_usage: true },
    },
  }));
  const running = long.map((fields) => streamed(served, fields));
  const broken = await Promise.all(
    [1, 2].map(() => ask(served, { prompt: boom, max_tokens: 900 }, "/completions")),
  );
  for (const { status, body } of broken) {
    expect(status).toBe(400);
    expect(body.error.message).toContain("NaN or Infinity in the logits");
  }
  for (const [i, one] of (await Promise.all(running)).entries()) {
    const alone = await streamed(served, long[i]!);
    expect(joined(one.chunks)).toBe(joined(alone.chunks));
    expect(one.chunks).toHaveLength(alone.chunks.length);
    expect(one.chunks.at(-1)!.usage!.completion_tokens).toBe(900);
  }
  expect(served.faults).toEqual([]);
  await served.close();
});
