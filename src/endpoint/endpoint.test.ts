/** The client against a real server that misbehaves in every way that servers do. */
import { afterEach, describe, expect, it } from "vitest";
import {
  completion,
  type EndpointServer,
  type Reply,
  sendJson,
  startEndpoint,
} from "../../test/support/endpoint-server.ts";
import { FathomError } from "../core/errors.ts";
import { random } from "../core/random.ts";
import type { ChatReply, ChatRequest } from "./chat.ts";
import { type Endpoint, type EndpointSettings, openEndpoint } from "./endpoint.ts";

const key = "sk-secret-0123456789";
const request: ChatRequest = {
  model: "tiny",
  messages: [{ role: "user", content: "Name a colour." }],
  max_tokens: 8,
  temperature: 0,
};
const patience = { timeout: 5000, attempts: 3, firstPause: 1, longestPause: 4, mostWaiting: 5000 };

let server: EndpointServer | null = null;
afterEach(async () => {
  await server?.close();
  server = null;
});

interface Opened {
  endpoint: Endpoint;
  waits: [reason: string, milliseconds: number][];
}

const settings = (url: string, more: Partial<EndpointSettings> = {}): EndpointSettings => ({
  url,
  key,
  insecure: false,
  concurrency: 4,
  requestsPerMinute: null,
  tokensPerMinute: null,
  budgetRequests: null,
  budgetTokens: null,
  patience,
  spent: { requests: 0, tokens: 0 },
  jitter: random("endpoint test"),
  onWait: () => undefined,
  ...more,
});

async function serving(reply: Reply, more: Partial<EndpointSettings> = {}): Promise<Opened> {
  server = await startEndpoint(reply);
  const waits: Opened["waits"] = [];
  const onWait: EndpointSettings["onWait"] = (...wait) => waits.push(wait);
  return { endpoint: openEndpoint(settings(server.url, { onWait, ...more })), waits };
}

const never = new AbortController().signal;
const ask = async (endpoint: Endpoint, more: Partial<ChatRequest> = {}): Promise<ChatReply> =>
  await endpoint.chat({ ...request, ...more }, never);

/** Answers with each reply once, and with the last one again and again. */
const inTurn =
  (...replies: Reply[]): Reply =>
  (response, asked, turn) =>
    replies[Math.min(turn, replies.length - 1)]!(response, asked, turn);
const fine: Reply = (response) => {
  sendJson(response, completion({ content: "Red." }));
};
const refusing =
  (status: number, error: unknown, headers: Record<string, string> = {}): Reply =>
  (response) => {
    sendJson(response, { error }, status, headers);
  };
const text =
  (body: string, status = 200, type = "text/html"): Reply =>
  (response) => {
    response.writeHead(status, { "content-type": type }).end(body);
  };

it("asks as OpenAI's interface says, and reads the whole reply", async () => {
  const { endpoint } = await serving((response) => {
    const logprobs = {
      content: [
        {
          token: "Red",
          logprob: -0.5,
          bytes: [82, 101, 100],
          top_logprobs: [{ token: "Red", logprob: -0.5 }],
        },
        { token: ".", logprob: -0.25 },
      ],
    };
    sendJson(response, completion({ content: "Red." }, { logprobs }));
  });
  const reply = await ask(endpoint, { seed: 3, logprobs: true, top_logprobs: 1 });
  expect(reply).toEqual({
    text: "Red.",
    reasoning: null,
    finish: "stop",
    refusal: null,
    tokens: [
      { text: "Red", bytes: [82, 101, 100], logprob: -0.5, top: [{ text: "Red", logprob: -0.5 }] },
      { text: ".", bytes: null, logprob: -0.25, top: [] },
    ],
    usage: { prompt_tokens: 7, completion_tokens: 3, reasoning_tokens: null },
    model: "tiny-1",
    fingerprint: "fp_1",
  });
  expect(server!.asked).toEqual([
    {
      path: "/v1/chat/completions",
      authorization: `Bearer ${key}`,
      body: { ...request, stream: false, seed: 3, logprobs: true, top_logprobs: 1 },
    },
  ]);
  expect(endpoint.spent).toEqual({ requests: 1, tokens: 10 });
});

describe("forms of a reply", () => {
  it.each<[string, object, Partial<ChatReply>]>([
    ["no content", completion({ content: null }), { text: "" }],
    ["a refusal", completion({ content: null, refusal: "No." }), { text: "", refusal: "No." }],
    ["thoughts beside it", completion({ content: "Red.", reasoning_content: "Hm." }), { reasoning: "Hm." }],
    ["thoughts of OpenRouter", completion({ content: "Red.", reasoning: "Hm." }), { reasoning: "Hm." }],
    [
      "parts",
      completion({
        content: [
          { type: "thinking", thinking: [{ type: "text", text: "Hm." }] },
          { type: "text", text: "Re" },
          { type: "text", text: "d." },
        ],
      }),
      { text: "Red.", reasoning: "Hm." },
    ],
    [
      "a filter",
      completion({ content: "" }, { finish_reason: "content_filter" }),
      { finish: "content_filter" },
    ],
    ["a cap", completion({ content: "R" }, { finish_reason: "length" }), { finish: "length" }],
    ["another reason", completion({ content: "R" }, { finish_reason: "tool_calls" }), { finish: "other" }],
    [
      "an older form of tokens",
      completion({ content: "R" }, { logprobs: { tokens: ["R"] } }),
      { tokens: null },
    ],
    ["strange tokens", completion({ content: "R" }, { logprobs: { content: [1] } }), { tokens: null }],
    ["strange usage", completion({ content: "R" }, { usage: { total: "9" } }), { usage: null }],
  ])("%s", async (_name, body, expected) => {
    const { endpoint } = await serving((response) => {
      sendJson(response, body);
    });
    expect(await ask(endpoint)).toMatchObject(expected);
  });
});

describe("a provider's refusal of the content is a reply", () => {
  it.each<[string, number, object]>([
    ["OpenAI", 400, { code: "content_policy_violation", message: "flagged" }],
    ["OpenAI on reasoning", 400, { code: "invalid_prompt", message: "flagged, see our usage policy." }],
    [
      "Azure",
      400,
      { code: "content_filter", message: "flagged", innererror: { code: "ResponsibleAIPolicyViolation" } },
    ],
    [
      "LiteLLM",
      400,
      { code: "400", message: "flagged", innererror: { code: "ResponsibleAIPolicyViolation" } },
    ],
    ["OpenRouter", 403, { code: 403, message: "flagged", metadata: { reasons: ["x"], flagged_input: "y" } }],
    ["a gateway with status 200", 200, { code: "content_filter", message: "flagged" }],
  ])("%s", async (_name, status, error) => {
    const { endpoint } = await serving(refusing(status, error));
    const reply = await ask(endpoint);
    expect(reply).toMatchObject({ text: "", finish: "content_filter" });
    expect(reply.refusal).toMatch(/^flagged/);
    expect(endpoint.spent).toEqual({ requests: 1, tokens: 0 });
  });
});

describe("a bad answer is one line", () => {
  const huge: Reply = (response) => {
    const piece = " ".repeat(2 ** 20);
    const more = (): void => {
      while (response.writable && response.write(piece));
      if (response.writable) response.once("drain", more);
    };
    response.writeHead(200);
    more();
  };
  it.each<[string, Reply, string, 1 | 2]>([
    [
      "HTML",
      text("<!doctype html><title>Hi</title>"),
      "found a page in HTML or XML. Try: check the address",
      2,
    ],
    ["text", text("hello", 200, "text/plain"), "found something else. Try: check the address", 2],
    ["nothing", text(""), "expected a chat completion in JSON, found an empty body", 1],
    ["cut JSON", text('{"choices": [{"mess'), "found JSON that is broken or cut off", 1],
    ["wrong JSON", text('{"answer": "Red."}'), "found JSON in which choices is wrong", 2],
    ["a list", text("[]"), "found JSON in which the whole is wrong", 2],
    ["no choices", text('{"choices": []}'), "found a chat completion with no choices", 1],
    [
      "401",
      refusing(401, { message: `bad key ${key}` }),
      "HTTP 401: bad key …. Try: another key in FATHOM_ENDPOINT_KEY",
      2,
    ],
    ["403", refusing(403, { message: "not yours" }), "HTTP 403: not yours", 2],
    ["404 of a path", text("404 page not found", 404), "expected a chat endpoint, found HTTP 404", 2],
    ["404 of FastAPI", refusing(404, "Not Found"), "expected a chat endpoint, found HTTP 404: Not Found", 2],
    [
      "404 of a model",
      refusing(404, { message: "The model `tiny` does not exist" }),
      "expected the model tiny",
      2,
    ],
    ["400", refusing(400, { message: "context is 4096\ntokens" }), "HTTP 400: context is 4096 tokens", 2],
    [
      "quota",
      refusing(429, { code: "insufficient_quota", message: "pay" }),
      "expected an account that may ask",
      1,
    ],
    ["402", refusing(402, { message: "pay" }), "HTTP 402: pay. Try: credit", 1],
    ["501", text("", 501), "found HTTP 501", 2],
    ["a huge body", huge, "expected an answer of at most 32 MiB, found a longer one", 1],
  ])("%s", async (_name, reply, message, exit) => {
    const { endpoint } = await serving(reply);
    const error = await ask(endpoint).then(
      () => null,
      (caught: unknown) => caught,
    );
    expect(error).toBeInstanceOf(FathomError);
    expect((error as FathomError).message).toContain(message);
    expect((error as FathomError).message).not.toMatch(/\n|secret/);
    expect((error as FathomError).exit).toBe(exit);
    expect(server!.asked).toHaveLength(1);
  });

  it("an address without /v1 gets the advice that is needed", async () => {
    server = await startEndpoint(text("<html>", 404));
    const endpoint = openEndpoint(settings(server.url.replace("/v1", "")));
    await expect(ask(endpoint)).rejects.toThrow(`it usually ends in /v1, as in ${server.url}`);
  });

  it("a redirect is not followed, so the key goes to no other host", async () => {
    const other = await startEndpoint(fine);
    for (const status of [301, 302, 303, 307, 308]) {
      const location = `${other.url}/chat/completions?signature=hidden`;
      const { endpoint } = await serving((response) => {
        response.writeHead(status, { location }).end();
      });
      await expect(ask(endpoint)).rejects.toThrow(
        /expected an answer, found a redirect to http:\S+completions\. Try/,
      );
      await server!.close();
    }
    expect(other.asked).toEqual([]);
    await other.close();
  });

  it("a server that is not there", async () => {
    const { endpoint } = await serving(fine);
    await server!.close();
    await expect(ask(endpoint)).rejects.toThrow("expected an answer in 3 attempts, found ECONNREFUSED");
  });
});

describe("failures that may pass", () => {
  const cut: Reply = (response) => {
    response.writeHead(200, { "content-length": "500" });
    response.write('{"choices": [');
    setTimeout(() => response.destroy(), 20);
  };
  const gone: Reply = (response) => void response.destroy();
  const silent: Reply = () => undefined;

  it.each<[string, Reply]>([
    ["429", refusing(429, { message: "slow down" })],
    ["500", text("oops", 500)],
    ["502 in HTML", text("<html>bad gateway</html>", 502)],
    ["503", refusing(503, { message: "loading the model" })],
    ["529", refusing(529, { message: "overloaded" })],
    ["an error of a gateway in 200", refusing(200, { code: 502, message: "no provider" })],
    ["a body that is cut", cut],
    ["a connection that is closed", gone],
    ["a timeout", silent],
  ])("%s is tried again", async (_name, reply) => {
    const { endpoint, waits } = await serving(inTurn(reply, fine), {
      patience: { ...patience, timeout: 300 },
    });
    expect((await ask(endpoint)).text).toBe("Red.");
    expect(server!.asked).toHaveLength(2);
    expect(waits).toHaveLength(1);
    expect(endpoint.spent.requests).toBe(2);
  });

  it("ends after as many attempts as allowed, and says the last reason", async () => {
    const { endpoint, waits } = await serving(refusing(503, { message: "loading" }));
    await expect(ask(endpoint)).rejects.toThrow(
      "expected an answer in 3 attempts, found HTTP 503: loading. Try",
    );
    expect(waits).toHaveLength(2);
  });

  it("an answer that may have been billed counts in the budget, a refusal does not", async () => {
    const { endpoint } = await serving(inTurn(cut, text("", 503), fine));
    await ask(endpoint);
    // 64 for the template, 14 bytes and 8 for the message, 8 new tokens; then 10 that the server counted.
    expect(endpoint.spent).toEqual({ requests: 3, tokens: 94 + 10 });
  });

  it.each<[string, () => string]>([
    ["seconds", () => "1"],
    // A date has no fractions of a second, so this is between one and two seconds away.
    ["a date", () => new Date(Date.now() + 2000).toUTCString()],
  ])("waits as long as Retry-After says, in %s, and holds the others back too", async (_name, after) => {
    const times: number[] = [];
    const { endpoint, waits } = await serving((response, asked, turn) => {
      times.push(performance.now());
      const slow = refusing(429, { message: "slow" }, { "retry-after": after() });
      return (turn === 0 ? slow : fine)(response, asked, turn);
    });
    const first = ask(endpoint);
    while (waits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([first, ask(endpoint)]);
    expect(waits[0]![1]).toBeGreaterThan(900);
    expect(times).toHaveLength(3);
    for (const time of times.slice(1)) expect(time - times[0]!).toBeGreaterThan(900);
  });

  it("a wait that is longer than the patience ends at once, and says how long", async () => {
    const { endpoint } = await serving(refusing(429, { message: "slow" }, { "retry-after": "3600" }));
    await expect(ask(endpoint)).rejects.toThrow(
      "to go on within 5 s, found HTTP 429: slow, asked to wait 3600 s",
    );
  });
});

describe("parameters that a server does not know", () => {
  it.each<[string, string, (body: Record<string, unknown>) => boolean, Partial<ChatRequest>]>([
    [
      "max_tokens",
      "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
      (body) => "max_tokens" in body,
      {},
    ],
    ["logprobs", "this model has no logprobs", (body) => "logprobs" in body, { logprobs: true }],
    ["seed", "Extra inputs are not permitted: seed", (body) => "seed" in body, { seed: 1 }],
  ])("%s is left out or renamed, and stays so", async (_name, message, refuses, more) => {
    const { endpoint } = await serving((response, asked, turn) =>
      (refuses(asked.body) ? refusing(400, { message }) : fine)(response, asked, turn),
    );
    expect((await ask(endpoint, more)).text).toBe("Red.");
    await ask(endpoint, more);
    expect(server!.asked).toHaveLength(3);
    expect(server!.asked[2]!.body).toMatchObject({ model: "tiny", messages: request.messages });
  });

  it("a seed matters above temperature 0, so it is not left out there", async () => {
    const { endpoint } = await serving(refusing(400, { message: "seed is unknown" }));
    await expect(ask(endpoint, { seed: 1, temperature: 1 })).rejects.toThrow("HTTP 400: seed is unknown");
  });

  it("the same refusal twice is an error", async () => {
    const { endpoint } = await serving(refusing(400, { message: "use max_completion_tokens" }));
    await expect(ask(endpoint)).rejects.toThrow("HTTP 400: use max_completion_tokens");
    expect(server!.asked).toHaveLength(2);
  });
});

describe("limits", () => {
  it("never more requests at the same time than allowed", async () => {
    const { endpoint } = await serving(
      async (response, asked, turn) => {
        await new Promise((resolve) => setTimeout(resolve, 30));
        await fine(response, asked, turn);
      },
      { concurrency: 3 },
    );
    await Promise.all(Array.from({ length: 10 }, async () => await ask(endpoint)));
    expect(server!.mostOpen).toBe(3);
    expect(server!.asked).toHaveLength(10);
  });

  it("a budget of requests ends with one line", async () => {
    const { endpoint } = await serving(fine, { budgetRequests: 2, spent: { requests: 1, tokens: 0 } });
    await ask(endpoint);
    await expect(ask(endpoint)).rejects.toThrow(
      "--budget-requests: expected a budget that covers the next request, found 2 requests, of which 2 sent. Try:",
    );
    expect(server!.asked).toHaveLength(1);
  });

  it("an abort ends a request under way, one in the queue, and a pause", async () => {
    const slow: Reply = () => undefined;
    const { endpoint } = await serving(slow, { concurrency: 1 });
    const reason = new Error("enough");
    const stop = new AbortController();
    const asked = [endpoint.chat(request, stop.signal), endpoint.chat(request, stop.signal)];
    setTimeout(() => {
      stop.abort(reason);
    }, 50);
    for (const one of asked) await expect(one).rejects.toBe(reason);
    await server!.close();

    const { endpoint: pausing, waits } = await serving(
      refusing(429, { message: "slow" }, { "retry-after": "4" }),
    );
    const again = new AbortController();
    const paused = pausing.chat(request, again.signal);
    while (waits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    again.abort(reason);
    await expect(paused).rejects.toBe(reason);
  });
});

it("a key that the server sends back is taken out of the reply", async () => {
  const { endpoint } = await serving((response, { authorization }) => {
    sendJson(response, completion({ content: `You sent ${authorization}` }));
  });
  expect((await ask(endpoint)).text).toBe("You sent Bearer …");
});

it("credentials in the address are sent as such, and are in no message", async () => {
  server = await startEndpoint(refusing(401, { message: "no" }));
  const url = server.url.replace("http://", "http://anna:pass%20word@");
  const endpoint = openEndpoint(settings(url, { key: null }));
  expect(endpoint.url).toBe(server.url);
  await expect(ask(endpoint)).rejects.toThrow(`${server.url}: expected permission`);
  const pair = Buffer.from("anna:pass word").toString("base64");
  expect(server.asked[0]!.authorization).toBe(`Basic ${pair}`);
});
