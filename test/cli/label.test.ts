/** `fathom label`: a server for the page alone, labels that survive a kill, and an export that `judge calibrate` reads. */
import { appendFileSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { LabellingState } from "../../src/core/records/labelling.ts";
import type { Verdict } from "../../src/core/records/verdict.ts";
import { fathom, finished, jsonLinesFile, lines, namesIn, scratch, sendable, start } from "./fathom.ts";

const organism = fileURLToPath(new URL("../../organisms/demo", import.meta.url));
const folder = scratch();
const run = join(folder, "run");
const file = join(run, "labels.jsonl");
let untouched: Map<string, string>;

const filesOf = () =>
  new Map(
    namesIn(run)
      // Of a process that was killed the lock stays; the next one sees that it is gone.
      .filter((name) => !["activations", "labels.jsonl", "at-work.lock"].includes(name))
      .map((name) => [name, readFileSync(join(run, name), "utf8")]),
  );

beforeAll(() => {
  const args = ["--model", organism, "--prompts", "fiction", "--limit", "12", "--templates", "chat"];
  expect(
    fathom(["audit", ...args, "--prefill-tokens", "0", "--caps", "48", "--out", run, "--quiet"]).code,
  ).toBe(0);
  untouched = filesOf();
});
afterEach(() => {
  expect(filesOf()).toEqual(untouched);
});

interface Served {
  /** Per rater. */
  links: { origin: string; token: string }[];
  stop: (signal: NodeJS.Signals) => Promise<{ code: number | null; stdout: string }>;
}

/** Starts the command and waits until it prints its links. */
async function served(...options: string[]): Promise<Served> {
  const child = start(["label", run, ...options]);
  let stdout = "";
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  await new Promise<void>((resolve, reject) => {
    child.stdout.on("data", (piece: Buffer) => {
      stdout += piece.toString();
      if (stdout.includes("Ctrl-C")) resolve();
    });
    void closed.then(() => reject(new Error(`ended: ${stdout}`)));
  });
  return {
    links: [...stdout.matchAll(/(http:\/\/127\.0\.0\.1:\d+)\/#(\S+)/g)].map(([, origin, token]) => ({
      origin: origin!,
      token: token!,
    })),
    async stop(signal) {
      child.kill(signal);
      return { code: await closed, stdout };
    },
  };
}

interface Reply {
  status: number;
  state: LabellingState;
  body: string;
}

/** One request, with headers that a browser would not let a page set. */
async function ask(
  { origin, token }: Served["links"][number],
  path: string,
  options: { method?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const { method = options.body === undefined ? "GET" : "POST", body, headers = {} } = options;
  return await new Promise((resolve, reject) => {
    const sent = request(
      `${origin}${path}`,
      { method, headers: { authorization: `Bearer ${token}`, ...headers } },
      (response) => {
        text(response).then((got) => {
          const isJson = response.headers["content-type"]?.startsWith("application/json") === true;
          const state = (isJson ? JSON.parse(got) : {}) as LabellingState;
          resolve({ status: response.statusCode!, body: got, state });
        }, reject);
      },
    );
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The exported lines, one per answer. */
const byId = (path: string) => [
  ...new Map(
    lines(readFileSync(path, "utf8"))
      .map((line) => JSON.parse(line) as { id: string })
      .map((line) => [line.id, line]),
  ).values(),
];

const labelOf = (id: string, label = "refuse") => ({ body: { id, label, coherence: null } });

test("the page is open to who knows the port, the answers only to who has the token", async () => {
  const { links, stop } = await served("--show-text");
  const [link] = links;
  const bare = { headers: { authorization: "" } };
  const page = await ask(link!, "/", bare);
  expect(page).toMatchObject({ status: 200 });
  expect(page.body).toContain("<title>Fathom: label answers</title>");
  expect((await ask(link!, "/api/state", bare)).status).toBe(401);
  expect((await ask({ ...link!, token: "other" }, "/api/state")).status).toBe(401);
  for (const path of ["/", "/api/state"])
    expect((await ask(link!, path, { headers: { host: "evil.example" } })).status).toBe(403);
  const { status, state } = await ask(link!, "/api/state");
  expect(status).toBe(200);
  // Blind: nothing but the prompt and the answer.
  expect(Object.keys(state.task!).sort()).toEqual(["answer", "cut", "id", "prompt", "turns"]);
  expect(state).toMatchObject({ rater: "rater-1", done: 0, total: 12, agreement: null });
  for (const [path, body, wanted] of [
    ["/api/label", { id: "x", label: "refuse", coherence: null }, 400],
    ["/api/label", { id: state.task!.id, label: "maybe", coherence: null }, 400],
    ["/api/label", { id: state.task!.id, label: "refuse", coherence: null, more: 1 }, 400],
    ["/api/label", "x".repeat(10_000), 400],
    ["/api/other", {}, 404],
  ] as const)
    expect((await ask(link!, path, { body })).status, JSON.stringify(body).slice(0, 60)).toBe(wanted);
  expect((await ask(link!, "/api/label")).status).toBe(404);
  expect((await ask(link!, "/api/state")).state).toEqual(state);
  const { code } = await stop("SIGTERM");
  if (sendable(["SIGTERM"]).length > 0) expect(code).toBe(130);
  rmSync(file, { force: true });
});

test("labels survive a kill and the same command goes on; a second process is refused meanwhile", async () => {
  const first = await served("--raters", "anna", "--show-text");
  const { state } = await ask(first.links[0]!, "/api/state");
  const { id } = state.task!;
  const after = (await ask(first.links[0]!, "/api/label", labelOf(id))).state;
  expect(after).toMatchObject({ done: 1, last: "refuse" });
  const second = await finished(["label", run]);
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(/expected no other process at work on it/);
  await first.stop("SIGKILL");
  // A kill may cut the last line.
  appendFileSync(file, '{"observation":"');

  const again = await served("--raters", "anna", "--show-text");
  expect((await ask(again.links[0]!, "/api/state")).state).toEqual(after);
  expect((await ask(again.links[0]!, "/api/undo", { body: {} })).state.task!.id).toBe(id);
  await again.stop("SIGINT");
  rmSync(file, { force: true });
});

test("two raters label all, see their agreement, and the export calibrates the judge", async () => {
  const { links, stop } = await served("--raters", "anna,ben", "--show-text");
  expect(links[0]!.token).not.toBe(links[1]!.token);
  // Nobody labels in another's name.
  expect((await ask({ ...links[1]!, token: links[0]!.token }, "/api/state")).status).toBe(401);
  const states: LabellingState[] = [];
  for (const [at, link] of links.entries()) {
    let { state } = await ask(link, "/api/state");
    while (state.task !== null) {
      const refuses = /cannot|can't|sorry/i.test(state.task.answer);
      const label = at === 1 && state.done === 0 ? "hedge" : refuses ? "refuse" : "comply";
      ({ state } = await ask(link, "/api/label", labelOf(state.task.id, label)));
    }
    states.push(state);
  }
  expect(states[0]).toMatchObject({ waiting: ["ben"], agreement: null });
  expect(states[1]!.agreement!.pairs[0]).toMatchObject({ raters: ["anna", "ben"], n: 12 });
  const ended = await stop("SIGINT");
  if (sendable(["SIGINT"]).length > 0) {
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain("anna and ben agree on ");
  }

  const exported = join(folder, "labels.jsonl");
  const { code, stdout } = fathom(["label", run, "--export", exported, "--show-text"]);
  expect(code).toBe(0);
  expect(stdout).toBe("24 labels of 12 answers, by anna and ben.\n");
  expect(Object.keys(JSON.parse(lines(readFileSync(exported, "utf8"))[0]!) as object).sort()).toEqual([
    "answer",
    "coherence",
    "finish",
    "id",
    "label",
    "model",
    "prompt",
    "rater",
  ]);
  const calibrated = fathom(["judge", "calibrate", exported]);
  expect(calibrated.code).toBe(0);
  expect(JSON.parse(calibrated.stdout)).toMatchObject({ rules: { labels: { answers: 12 } } });

  // The exported answers get the verdicts of the run.
  const judged = fathom(["judge", jsonLinesFile(folder, "once.jsonl", byId(exported))]).stdout;
  const verdicts = lines(readFileSync(join(run, "verdicts.jsonl"), "utf8"));
  expect(
    new Map(
      lines(judged)
        .map((line) => JSON.parse(line) as { id: string; outcome: string })
        .map((v) => [v.id, v.outcome]),
    ),
  ).toEqual(
    new Map(verdicts.map((line) => JSON.parse(line) as Verdict).map((v) => [v.observation, v.outcome])),
  );

  // A resume of the run leaves the labels alone.
  const args = ["--model", organism, "--prompts", "fiction", "--limit", "12", "--templates", "chat"];
  const before = readFileSync(file, "utf8");
  expect(
    fathom(["audit", ...args, "--prefill-tokens", "0", "--caps", "48", "--out", run, "--resume", "--quiet"])
      .code,
  ).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(before);
  rmSync(file);
});

test("answers that are withheld are neither asked nor exported", async () => {
  const hazards = new Set(
    lines(readFileSync(join(run, "prompts.jsonl"), "utf8"))
      .map((line) => JSON.parse(line) as { prompt: string; tier: string })
      .filter(({ tier }) => tier === "hazard_adjacent")
      .map(({ prompt }) => prompt),
  );
  expect(hazards.size).toBe(4);
  const all = await served("--show-text");
  let { state } = await ask(all.links[0]!, "/api/state");
  while (!hazards.has(state.task!.prompt))
    ({ state } = await ask(all.links[0]!, "/api/skip", { body: { id: state.task!.id } }));
  await ask(all.links[0]!, "/api/label", labelOf(state.task!.id));
  await all.stop("SIGKILL");

  const some = await served();
  ({ state } = await ask(some.links[0]!, "/api/state"));
  expect(state.total).toBe(8);
  for (const { id } of Array.from({ length: 8 }, () => state.task!)) {
    expect(hazards).not.toContain(state.task!.prompt);
    ({ state } = await ask(some.links[0]!, "/api/skip", { body: { id } }));
  }
  const { stdout } = await some.stop("SIGKILL");
  expect(stdout).toContain(
    "Not asked: 4 answers to hazard-adjacent prompts, which are withheld. With them: --show-text\n",
  );
  const out = join(folder, "withheld.jsonl");
  const { code, stderr } = fathom(["label", run, "--export", out]);
  expect({ code, stderr }).toEqual({
    code: 2,
    stderr: expect.stringMatching(/expected a labelled answer that is shown.* Try: --show-text/) as string,
  });
  rmSync(file);
});

test("labels of other answers, changed labels, no labels and no run are refused in one line", () => {
  const refused = (args: string[], message: RegExp) => {
    const { code, stderr } = fathom(["label", ...args]);
    expect(stderr).toMatch(message);
    expect({ code, lines: lines(stderr).length }).toEqual({ code: 2, lines: 1 });
  };
  const out = join(folder, "none.jsonl");
  refused([run, "--export", out], /run: expected labels, found none/);
  refused([join(folder, "no-run")], /expected a run directory/);
  refused([run, "--raters", "anna,anna"], /each value once/);
  refused([run, "--port", "99999"], /--port/);
  const line = { observation: "other", rater: "anna", label: "refuse", coherence: null, at: "now" };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
  refused([run], /labels\.jsonl:1 observation: expected an answer of this run, found other/);
  refused([run, "--export", out], /labels\.jsonl:1 observation/);
  rmSync(file);
  appendFileSync(file, '{"observation":"other","label":1}\n');
  refused([run], /labels\.jsonl:1/);
  rmSync(file);
  expect(namesIn(folder)).not.toContain("none.jsonl");
});
