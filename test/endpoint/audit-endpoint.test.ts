/**
 * `fathom audit --endpoint` over `fathom serve` with the bundled checkpoint: the surface half of the local audit, word for word.
 * Where something must go wrong, a server of the test stands between the two, or answers alone.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Observation } from "../../src/core/records/observation.ts";
import type { ReportData } from "../../src/core/records/report.ts";
import { type AuditRequest, audit, type RunRecords, readRun } from "../../src/index.ts";
import { readReplies } from "../../src/jobs/audit/answers/replies.ts";
import { type Ended, finished, lines, scratch, start } from "../cli/fathom.ts";
import {
  completion,
  type EndpointServer,
  type Reply,
  sendJson,
  startEndpoint,
} from "../support/endpoint-server.ts";
import { bundledModel, type ServedModel, serveForTest } from "../support/served-model.ts";

const folder = scratch();
const answers = 12;
const caps = [16, 32, 64];
const shared = { prompts: "fiction", limit: answers, caps } satisfies Partial<AuditRequest>;
let served: ServedModel;
let local: RunRecords;
let between: EndpointServer | null = null;

beforeAll(async () => {
  const plan = { ...shared, model: bundledModel, templates: ["chat" as const], prefill_tokens: [0] };
  local = await audit(plan, { out: join(folder, "local"), threads: 1, report: [] });
  served = await serveForTest();
  process.env["FATHOM_ENDPOINT_KEY"] = served.token;
}, 120_000);
afterEach(async () => {
  await between?.close();
  between = null;
});
afterAll(async () => {
  delete process.env["FATHOM_ENDPOINT_KEY"];
  await served.close();
  expect(served.faults).toEqual([]);
});

const asking = (endpoint: string, more: Partial<AuditRequest> = {}): AuditRequest => ({
  ...shared,
  endpoint,
  model: "demo",
  ...more,
});
const options = (endpoint: string, ...more: string[]): string[] => [
  ...["audit", "--endpoint", endpoint, "--model", "demo", "--prompts", "fiction"],
  ...["--limit", String(answers), "--caps", caps.join(","), ...more],
];
const command = async (endpoint: string, ...more: string[]): Promise<Ended> =>
  await finished(options(endpoint, ...more));

/** A server that passes requests on to the real one. @param change may change the reply */
const passingOn =
  (change: (reply: Record<string, unknown>) => unknown = (reply) => reply): Reply =>
  async (response, { body }) => {
    const real = await fetch(`${served.url}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${served.token}` },
      body: JSON.stringify(body),
    });
    sendJson(response, change((await real.json()) as Record<string, unknown>), real.status);
  };

const withoutTokens = passingOn((reply) => ({
  ...reply,
  choices: (reply["choices"] as object[]).map((choice) => ({ ...choice, logprobs: null })),
}));

/** A journal has the answers in the order in which they were finished. */
const byPrompt = (a: { prompt_id: string }, b: { prompt_id: string }): number =>
  a.prompt_id < b.prompt_id ? -1 : a.prompt_id > b.prompt_id ? 1 : 0;
const texts = ({ observations }: RunRecords) =>
  observations
    .map(({ prompt_id, text, text_ends, finish }) => ({ prompt_id, text, text_ends, finish }))
    .sort(byPrompt);
/** @param keys which parts of a verdict to compare */
const judged = ({ verdicts }: RunRecords, keys: readonly (keyof RunRecords["verdicts"][number])[]) =>
  verdicts
    .map((verdict) =>
      Object.fromEntries([...keys, "prompt_id", "cap"].map((key) => [key, verdict[key as "cap"]])),
    )
    .sort((a, b) => byPrompt(a as never, b as never) || a["cap"]! - b["cap"]!);

const answerTo = (id: string): string => local.observations.find(({ prompt_id }) => prompt_id === id)!.text;
const outcomesOf = ({ verdicts }: RunRecords, id: string) =>
  verdicts.filter(({ prompt_id }) => prompt_id === id).map(({ outcome }) => outcome);

test("texts and verdicts at each cap are those of the local audit under the chat template", async () => {
  const out = join(folder, "tokens");
  const run = await audit(asking(served.url), { out });
  expect(texts(run)).toEqual(texts(local));
  const whole = ["outcome", "surface", "coherence", "evidence", "refusal_token", "judge"] as const;
  expect(judged(run, whole)).toEqual(judged(local, whole));
  expect(run.manifest.inputs).toMatchObject({
    model: null,
    endpoint: { url: served.url, model: "demo" },
    layers: [],
  });
  expect(run.manifest.replies).toMatchObject({
    requests: answers,
    models: [{ model: "demo", replies: answers }],
  });
  expect(readRun(out).findings).toEqual(run.findings);
  const report = readFileSync(join(out, "report.md"), "utf8");
  expect(report).toContain("# Refusal depth of demo");
  expect(report).toContain("an endpoint gives text and no activations");
  expect(report).toContain("a provider may not be deterministic");
  expect(readdirSync(out).sort()).toEqual([
    ...["findings.json", "inside.json", "manifest.json", "observations.jsonl", "prompts.jsonl"],
    ...["replies.jsonl", "report.html", "report.md", "verdicts.jsonl", "votes.jsonl"],
  ]);
});

test("without tokens each cap is asked for alone, and is judged as the local answer at that cap", async () => {
  between = await startEndpoint(withoutTokens);
  const out = join(folder, "no-tokens");
  const run = await audit(asking(between.url), { out, report: ["json", "md"] });
  expect(judged(run, ["outcome", "evidence"])).toEqual(judged(local, ["outcome", "evidence"]));
  const ends = ({ text_ends }: Observation, cap: number): number => Math.min(cap, text_ends.length);
  // An answer that ended by itself within a smaller cap is not asked for again at that cap.
  const asked = local.observations.flatMap((one) => [
    64,
    ...caps.slice(0, -1).filter((cap) => ends(one, 64) > cap || one.finish !== "stop"),
  ]);
  expect(between.asked.map(({ body }) => body["max_tokens"]).sort()).toEqual(asked.sort());
  for (const { prompt_id, text_ends, capped } of run.observations) {
    const { text, text_ends: known } = local.observations.find((one) => one.prompt_id === prompt_id)!;
    expect(text_ends).toEqual([]);
    expect(capped!.map((one) => [one.cap, one.text])).toEqual(
      caps.map((cap) => [cap, text.slice(0, known[cap - 1] ?? text.length)]),
    );
  }
  expect(readFileSync(join(out, "report.md"), "utf8")).toContain(`for ${answers} of ${answers} answers`);
  const { rows } = JSON.parse(readFileSync(join(out, "report.json"), "utf8")) as ReportData;
  expect(new Set(rows.map(({ tokens, prompt_tokens }) => [tokens, prompt_tokens].join()))).toEqual(
    new Set([","]),
  );
});

test("temperature, seed and system prompt are passed, one answer per seed", async () => {
  between = await startEndpoint(passingOn());
  const plan = asking(between.url, { limit: 2, temperature: 0.5, seeds: [3, 4], system: "Be short." });
  await audit(plan, { out: join(folder, "sampled"), report: [] });
  expect(between.asked.map(({ body }) => [body["seed"], body["temperature"]]).sort()).toEqual([
    [3, 0.5],
    [3, 0.5],
    [4, 0.5],
    [4, 0.5],
  ]);
  for (const { body } of between.asked)
    expect((body["messages"] as object[])[0]).toEqual({ role: "system", content: "Be short." });
});

test("earlier turns are messages of the request", async () => {
  between = await startEndpoint(passingOn());
  const turns = [
    { role: "user", content: "What is moonfern?" },
    { role: "assistant", content: "A herb." },
  ];
  const line = { id: "a", prompt: "Where does it grow?", tier: "benign", turns };
  const prompts = join(folder, "turns.jsonl");
  writeFileSync(prompts, JSON.stringify(line));
  const plan = { ...asking(between.url, { system: "Be short." }), prompts, limit: null };
  await audit(plan, { out: join(folder, "turns"), report: [] });
  const [first] = between.asked;
  expect(first!.body["messages"]).toEqual([
    { role: "system", content: "Be short." },
    ...turns,
    { role: "user", content: "Where does it grow?" },
  ]);
});

describe("nothing is paid twice", () => {
  /** The prompts of the requests that were answered. */
  const paid = ({ asked }: EndpointServer) => asked.map(({ body }) => JSON.stringify(body)).sort();

  test("a run that is killed goes on with the replies that it has", async () => {
    let hold = true;
    between = await startEndpoint(async (response, asked, turn) => {
      // The first six are answered, the others wait for the kill.
      if (hold && turn >= 6) return;
      await passingOn()(response, asked, turn);
    });
    const out = join(folder, "killed");
    const child = start(options(between.url, "--out", out, "--quiet", "--concurrency", "3"));
    const ended = new Promise((resolve) => child.on("close", resolve));
    while (between.asked.length < 9) await sleep(20);
    child.kill("SIGKILL");
    await ended;
    expect(readReplies(out)).toHaveLength(6);
    hold = false;
    const { code, stderr } = await command(between.url, "--out", out, "--resume", "--quiet");
    expect([code, stderr]).toEqual([0, ""]);
    expect(texts(readRun(out))).toEqual(texts(local));
    // Three requests were under way when the process died. Nobody can know whether they were paid for.
    expect(between.asked).toHaveLength(answers + 3);
  });

  test("a budget ends the run with one line, and a resume with more goes on", async () => {
    between = await startEndpoint(passingOn());
    const out = join(folder, "budget");
    const first = await command(between.url, "--out", out, "--quiet", "--budget-requests", "5");
    expect(first.code).toBe(1);
    expect(lines(first.stderr)).toHaveLength(1);
    expect(first.stderr).toContain(
      "--budget-requests: expected a budget that covers the next request, found 5 requests",
    );
    expect(between.asked).toHaveLength(5);
    const same = await command(between.url, "--out", out, "--quiet", "--budget-requests", "5", "--resume");
    expect(same.code).toBe(1);
    expect(between.asked).toHaveLength(5);
    const more = await command(between.url, "--out", out, "--quiet", "--budget-requests", "12", "--resume");
    expect([more.code, more.stderr]).toEqual([0, ""]);
    expect(new Set(paid(between)).size).toBe(answers);
    expect(between.asked).toHaveLength(answers);
    expect(texts(readRun(out))).toEqual(texts(local));
  });

  test("a budget of tokens is never exceeded", async () => {
    const out = join(folder, "budget-tokens");
    const plan = asking(served.url, { budget_tokens: 400 });
    await expect(audit(plan, { out })).rejects.toThrow(
      /^--budget-tokens: expected .* found 400 tokens, of which/,
    );
    const spent = readReplies(out).reduce((sum, { cost }) => sum + cost, 0);
    expect(spent).toBeGreaterThan(100);
    expect(spent).toBeLessThanOrEqual(400);
  });

  test("replies that were paid for one cap are used when the others are asked for", async () => {
    let turns = 0;
    between = await startEndpoint(async (response, asked, turn) => {
      if (++turns > 20) sendJson(response, { error: { message: "closed" } }, 400);
      else await withoutTokens(response, asked, turn);
    });
    const out = join(folder, "caps");
    await expect(audit(asking(between.url), { out })).rejects.toThrow(
      /, prompt \S+: expected an answer, found HTTP 400: closed/,
    );
    expect(readReplies(out)).toHaveLength(20);
    turns = -1000;
    const run = await audit(asking(between.url), { out, resume: true });
    expect(run.observations).toHaveLength(answers);
    const all = readReplies(out).map(({ key, cap }) => `${key} ${cap}`);
    expect(new Set(all).size).toBe(all.length);
  });

  test("a server that dies midway and comes back is waited for", async () => {
    let isDead = false;
    let deaths = 0;
    between = await startEndpoint(async (response, asked, turn) => {
      if (turn === 4) {
        isDead = true;
        setTimeout(() => (isDead = false), 1500);
      }
      if (isDead) {
        deaths++;
        response.destroy();
      } else await passingOn()(response, asked, turn);
    });
    const run = await audit(asking(between.url), { out: join(folder, "died"), report: [] });
    expect(deaths).toBeGreaterThan(0);
    expect(texts(run)).toEqual(texts(local));
  });
});

test("a resume against another address or model is refused", async () => {
  between = await startEndpoint(passingOn());
  const out = join(folder, "tokens");
  await expect(audit(asking(between.url), { out, resume: true })).rejects.toThrow(
    /manifest\.json inputs\.endpoint\.url: expected "\S+" as when the run began, found "\S+"\. Try: resume/,
  );
  await expect(audit(asking(served.url, { model: "other" }), { out, resume: true })).rejects.toThrow(
    'inputs.endpoint.model: expected "demo" as when the run began, found "other"',
  );
  expect(between.asked).toEqual([]);
});

test("what a provider withholds or refuses is an outcome", async () => {
  const kinds = ["filtered", "refused", "policy", "cut off"] as const;
  const questions = local.prompts.map(({ prompt }) => prompt);
  between = await startEndpoint((response, { body }) => {
    const place = questions.indexOf((body["messages"] as { content: string }[]).at(-1)!.content);
    switch (kinds[place % kinds.length]!) {
      case "filtered":
        sendJson(response, completion({ content: "" }, { finish_reason: "content_filter" }));
        break;
      case "refused":
        sendJson(response, completion({ content: null, refusal: "Not this." }));
        break;
      case "policy":
        sendJson(response, { error: { code: "content_policy_violation", message: "flagged" } }, 400);
        break;
      case "cut off": {
        const content = answerTo(local.prompts[place]!.id);
        sendJson(response, completion({ content }, { finish_reason: "content_filter" }));
      }
    }
  });
  const out = join(folder, "withheld");
  const { code, stderr } = await command(between.url, "--out", out, "--quiet");
  expect(stderr).toMatch(/^fathom: 6 of 12 answers got no label/);
  expect(code).toBe(1);
  const run = readRun(out);
  for (const [i, { id }] of run.prompts.entries()) {
    const own = outcomesOf(local, id).at(-1)!;
    const expected = ["blocked", "refuse", "blocked", own][i % kinds.length]!;
    expect([id, ...outcomesOf(run, id)]).toEqual([id, expected, expected, expected]);
  }
  expect(run.observations.find(({ finish }) => finish === "refused")?.text).toBe("Not this.");
  // One request is enough to know that a provider gives no answer.
  expect(between.asked).toHaveLength(answers + 2 * 3);
});

describe("a reasoning model", () => {
  type Message = Record<string, unknown>;
  const forms: [string, (thought: string, answer: string) => Message][] = [
    ["in a field", (thought, answer) => ({ content: answer, reasoning_content: thought })],
    [
      "between marks",
      (thought, answer) => ({ content: `<think>${thought}${answer && `</think>\n\n${answer}`}` }),
    ],
  ];

  test.each(forms)("whose thought stands %s is judged by its answer", async (name, message) => {
    const [first, second] = local.prompts.map(({ id, prompt }) => ({ id, prompt, text: answerTo(id) }));
    between = await startEndpoint((response, { body }) => {
      const { content } = (body["messages"] as { content: string }[]).at(-1)!;
      const answer = content === first!.prompt ? first!.text : second!.text;
      // The thought alone takes 64 tokens.
      const isCut = (body["max_tokens"] as number) <= 64;
      const more = {
        finish_reason: isCut ? "length" : "stop",
        usage: { prompt_tokens: 5, completion_tokens: isCut ? 64 : 90 },
      };
      sendJson(response, completion(message("I cannot help with that.", isCut ? "" : answer), more));
    });
    const plan = asking(between.url, { limit: 2, caps: [64], concurrency: 1, reasoning_cap: 100 });
    const run = await audit(plan, { out: join(folder, `thinks ${name}`), report: [] });
    // The first request shows that the model thinks. The others leave room for it.
    expect(between.asked.map(({ body }) => body["max_tokens"])).toEqual([64, 164, 164]);
    expect(run.observations.map(({ text }) => text)).toEqual([first!.text, second!.text]);
    const thought = { tokens: 0, text: "I cannot help with that.", closed: true };
    expect(run.observations.map((one) => one.thought)).toEqual([thought, thought]);
    const expected = [first!.id, second!.id].map((id) => outcomesOf(local, id).at(-1));
    expect(run.verdicts.map(({ outcome }) => outcome)).toEqual(expected);
  });

  test("whose thought takes everything is cut off, and not empty", async () => {
    between = await startEndpoint((response) => {
      const message = { content: "", reasoning_content: "Hm." };
      sendJson(response, completion(message, { finish_reason: "length" }));
    });
    const plan = asking(between.url, { limit: 1, caps: [8], reasoning_cap: 4 });
    const run = await audit(plan, { out: join(folder, "thinks on"), report: [] });
    expect(between.asked.map(({ body }) => body["max_tokens"])).toEqual([8, 12]);
    expect(run.verdicts.map(({ outcome }) => outcome)).toEqual(["truncated"]);
    expect(run.observations[0]!.thought).toEqual({ tokens: 0, text: "Hm.", closed: false });
  });
});

test("the key is in no file of a run and in no output, also if the server sends it back", async () => {
  const key = "sk-secret-0123456789abcdef";
  const credentials = "anna:pass-word-0123456789";
  let turn = 0;
  between = await startEndpoint((response, { authorization }) => {
    const echo = `You sent ${authorization}. I cannot help with that.`;
    if (++turn > 8)
      sendJson(response, { error: { message: `bad: ${authorization}`, code: authorization } }, 401);
    else
      sendJson(response, {
        ...completion({ content: echo, reasoning_content: echo }),
        model: echo,
        system_fingerprint: echo,
      });
  });
  const url = between.url.replace("http://", `http://${credentials}@`);
  const basic = Buffer.from(credentials).toString("base64");
  const seen: string[] = [];
  for (const [name, env] of [
    ["key", { FATHOM_ENDPOINT_KEY: key }],
    ["credentials", { FATHOM_ENDPOINT_KEY: "" }],
  ] as const) {
    const out = join(folder, `secret-${name}`);
    for (const more of [
      ["--dry-run"],
      ["--dry-run", "--json"],
      ["--dry-run", "--yaml"],
      ["--caps", "16", "--limit", "20"],
    ]) {
      const { stdout, stderr } = await finished(options(url, "--out", out, "--concurrency", "1", ...more), {
        env,
      });
      seen.push(stdout, stderr);
    }
    turn = 0;
    const { stdout, stderr } = await finished(
      options(url, "--out", out, "--resume", "--caps", "16", "--limit", "20"),
      { env },
    );
    seen.push(stdout, stderr, ...readdirSync(out).map((file) => readFileSync(join(out, file), "utf8")));
  }
  expect(between.asked.map(({ authorization }) => authorization)).toContain(`Bearer ${key}`);
  expect(between.asked.map(({ authorization }) => authorization)).toContain(`Basic ${basic}`);
  expect(seen.join()).toContain("You sent");
  for (const secret of [key, credentials, "pass-word", basic]) expect(seen.join()).not.toContain(secret);
});

describe("what an endpoint cannot give is refused when it is asked for", () => {
  test.each<[string[], string]>([
    [
      ["--sae", "x"],
      "--sae: expected a checkpoint on this machine, found an endpoint, which gives no activations",
    ],
    [
      ["--layer", "1"],
      "--layer: expected a checkpoint on this machine, found an endpoint, which gives no activations",
    ],
    [["--templates", "chat,none"], "--templates: expected chat alone, found none: an endpoint"],
    [["--precision", "int8"], "--precision: expected a checkpoint on this machine"],
    [["--fidelity"], "--fidelity: expected a checkpoint on this machine"],
    [["--batch-size", "8"], "--batch-size: expected a checkpoint on this machine"],
  ])("%s", async (more, message) => {
    const { code, stderr } = await command("http://127.0.0.1:1/v1", "--out", join(folder, "never"), ...more);
    expect(stderr).toMatch(/^fathom: .*\n$/);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  test("and a choice about requests needs an endpoint", async () => {
    await expect(
      audit({ model: bundledModel, prompts: "fiction", budget_requests: 3 }, { out: "x" }),
    ).rejects.toThrow("plan budget_requests: expected plan endpoint beside it, found none");
  });

  test.each([
    ["http://192.168.0.9:8000/v1", "--endpoint: expected https for another machine"],
    ["api.example.org", "--endpoint: expected an address such as"],
  ])("%s is no address", async (url, message) => {
    await expect(audit(asking(url), { out: join(folder, "never") })).rejects.toThrow(message);
  });
});

test("--dry-run says how many requests and tokens at most, and sends nothing", async () => {
  between = await startEndpoint(passingOn());
  const { stdout, code } = await command(between.url, "--dry-run");
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Requests +12 if the endpoint gives tokens, 36 if not$/m);
  expect(stdout).toMatch(/^Tokens +at most [\d,]+ if the endpoint gives tokens, [\d,]+ if not$/m);
  const json = JSON.parse((await command(between.url, "--dry-run", "--json")).stdout) as {
    work: Record<string, number>;
  };
  expect(json.work).toMatchObject({ answers: 12, requests: 12, most_requests: 36 });
  const run = await audit(asking(served.url), { out: join(folder, "counted"), report: [] });
  expect(run.manifest.replies!.tokens).toBeLessThanOrEqual(json.work["tokens"]!);
  expect(between.asked).toEqual([]);
});

test("another system prompt is asked as a message, with the answers of the local audit", async () => {
  const more = { also_systems: ["Be brief."], limit: 3 };
  const plan = { ...shared, ...more, model: bundledModel, templates: ["chat" as const], prefill_tokens: [0] };
  const here = await audit(plan, { out: join(folder, "systems-here"), threads: 1, report: [] });
  const there = await audit(asking(served.url, more), { out: join(folder, "systems-there"), report: [] });
  const again = (run: RunRecords) => {
    const observations = run.observations.filter(({ condition }) => condition.system === "Be brief.");
    return texts({ ...run, observations });
  };
  expect(again(there)).toHaveLength(2);
  expect(again(there)).toEqual(again(here));
});

test("a printed plan is a plan that runs", async () => {
  const { stdout } = await command(served.url, "--dry-run", "--yaml", "--budget-tokens", "100000");
  const plan = join(folder, "audit.yaml");
  writeFileSync(plan, stdout);
  const { code, stderr } = await finished(["audit", plan, "--out", join(folder, "from-yaml"), "--quiet"]);
  expect([stderr, code]).toEqual(["", 0]);
  expect(texts(readRun(join(folder, "from-yaml")))).toEqual(texts(local));
});
