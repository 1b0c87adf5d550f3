import { createHook } from "node:async_hooks";
import { readFileSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import type { JudgedAnswer } from "../../judges/judge.ts";
import { judgeText, ruleJudgeWith } from "../../judges/rules.ts";
import { questionsAtOnce, RuleThreads } from "./rule-threads.ts";
import { type Ballot, Votes } from "./voting.ts";

const texts = readFileSync(new URL("../../../test/fixtures/judges/later.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line) => (JSON.parse(line) as { text: string }).text);
const asked = (i: number): JudgedAnswer => ({
  text: `${texts[i % texts.length]!} ${i}`,
  ...{ prompt: null, cut: i % 2 === 0, tokens: 40 },
});
const answers = (count: number) => Array.from({ length: count }, (_, i) => asked(i));

const { signal } = new AbortController();
const choices = { deniedPremise: "evade" } as const;
const judge = new RuleThreads(choices, 3);
let started = 0;
const watch = createHook({
  init(_id, type) {
    if (type === "WORKER") started++;
  },
}).enable();
afterAll(async () => {
  await judge.close();
  watch.disable();
});

test("many answers are judged by threads as one thread judges them, and in order", async () => {
  const all = answers(questionsAtOnce + 1000);
  const few = await Promise.all(all.slice(0, 100).map((one) => judge.judge(one)));
  expect(few).toEqual(all.slice(0, 100).map((one) => judgeText(one, choices)));
  expect(started).toBe(0);

  const order: number[] = [];
  const rulings = await Promise.all(
    all.map(async (one, i) => {
      const ruling = await judge.judge(one);
      order.push(i);
      return ruling;
    }),
  );
  expect(started).toBe(2);
  expect(order).toEqual([...all.keys()]);
  expect(JSON.stringify(rulings)).toBe(JSON.stringify(all.map((one) => judgeText(one, choices))));
  expect(judge.name).toBe(ruleJudgeWith(choices).name);
});

/** Asks for votes on many answers; after `some` of them, something happens. */
async function votesUntil(broken: (i: number) => boolean, onSome: () => void, stop: AbortSignal) {
  const threads = new RuleThreads(choices, 2);
  const ballots = answers(3 * questionsAtOnce).map(
    (one, i): Ballot => ({
      ...{ observation: `o${i}`, cap: 40 },
      asked: broken(i) ? { ...one, text: undefined as unknown as string } : one,
    }),
  );
  const votes = new Votes(null);
  const ended = votes
    .ask({ judge: threads, atOnce: questionsAtOnce }, ballots, stop, (done) => {
      if (done === 500) onSome();
    })
    .finally(() => threads.close());
  const error = await ended.then(
    () => null,
    (reason: unknown) => reason,
  );
  const missing = votes.missing(ballots, threads.name);
  // What is there is all up to some answer.
  expect(missing).toEqual(ballots.slice(ballots.length - missing.length));
  return { error, judged: ballots.length - missing.length };
}

test("an abort ends the work; what was judged until then is kept, in order", async () => {
  const stop = new AbortController();
  const { error, judged } = await votesUntil(
    () => false,
    () => stop.abort(),
    stop.signal,
  );
  expect(error).toBe(stop.signal.reason);
  expect(judged).toBeGreaterThanOrEqual(500);
  expect(judged).toBeLessThan(3 * questionsAtOnce);
});

test("an error in a thread fails the work, and keeps what was judged before", async () => {
  const { error, judged } = await votesUntil(
    (i) => i === 2000,
    () => undefined,
    signal,
  );
  expect(error).toBeInstanceOf(TypeError);
  expect(judged).toBeLessThanOrEqual(2000);
});

test("of two threads one is the caller's", async () => {
  const before = started;
  const two = new RuleThreads(choices, 2);
  const all = answers(questionsAtOnce);
  const rulings = await Promise.all(all.map((answer) => two.judge(answer)));
  await two.close();
  expect(JSON.stringify(rulings)).toBe(JSON.stringify(all.map((one) => judgeText(one, choices))));
  expect(started).toBe(before + 1);
});

test("a judge with one thread starts none", async () => {
  const before = started;
  const one = new RuleThreads(choices, 1);
  const rulings = await Promise.all(answers(questionsAtOnce).map((answer) => one.judge(answer)));
  await one.close();
  expect(rulings).toHaveLength(questionsAtOnce);
  expect(started).toBe(before);
  await expect(one.judge(asked(0))).rejects.toThrow("closed");
});
