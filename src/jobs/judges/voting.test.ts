import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Judge } from "../../judges/judge.ts";
import { type Ballot, openVotes, readVotes, Votes } from "./voting.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fathom-votes-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});
const path = () => join(folder, "votes.jsonl");
const { signal } = new AbortController();

/** Counts its questions, and fails from the given one on. */
function counting(name: string, failAt = Infinity): Judge & { asked: string[] } {
  const asked: string[] = [];
  return {
    name,
    asked,
    judge({ text }) {
      if (asked.length >= failAt) return Promise.reject(new Error("down"));
      asked.push(text);
      return Promise.resolve({
        outcome: "undetermined",
        surface: null,
        coherence: null,
        evidence: [],
        note: text,
      });
    },
  };
}
/** Answer `i` has 10 characters at cap 8 and 20 at the two larger caps. */
const ballots = Array.from({ length: 6 }, (_, i) =>
  [8, 16, 32].map((cap): Ballot => {
    const text = `answer ${i} `.padEnd(cap === 8 ? 10 : 20, "x");
    return { observation: `o${i}`, cap, asked: { text, prompt: null, cut: cap === 8, tokens: cap } };
  }),
).flat();
async function ask(judge: Judge, atOnce = 2): Promise<Votes> {
  const journal = openVotes(path());
  const votes = new Votes(journal);
  try {
    await votes.ask({ judge, atOnce }, ballots, signal, () => undefined);
  } finally {
    await journal.close();
  }
  return votes;
}

test("the same answer to the same prompt is one question, and each has its vote", async () => {
  const judge = counting("a@1");
  const asked = (text: string, prompt: string | null, tokens = 20, cut = true) => ({
    ...{ text, prompt, tokens, cut },
  });
  const all = [
    ...[asked("No.", "q"), asked("No.", "q", 21), asked("No.", "p"), asked("No.", null)],
    ...[asked("No.", "q", 20, false), asked(" ", "q", 5), asked(" ", "q", 30), asked("", "q", 0)],
  ].map((one, i): Ballot => ({ observation: `o${i}`, cap: 32, asked: one }));
  const votes = new Votes(null);
  await votes.ask({ judge, atOnce: 3 }, all, signal, () => undefined);
  expect(judge.asked).toHaveLength(all.length - 1);
  expect(votes.missing(all, "a@1")).toEqual([]);
});

test("caps at which an answer has the same text are one question, and each has its vote", async () => {
  const judge = counting("a@1");
  const votes = await ask(judge);
  expect(judge.asked).toHaveLength(12);
  expect(readVotes(path())).toHaveLength(18);
  for (const ballot of ballots) expect(votes.of(ballot, "a@1")!.note).toBe(ballot.asked.text);
  expect(votes.missing(ballots, "a@1")).toEqual([]);
});

test("nothing is asked twice; another version and another judge are asked anew", async () => {
  await ask(counting("a@1"));
  const first = readFileSync(path(), "utf8");
  const again = counting("a@1");
  await ask(again);
  expect(again.asked).toEqual([]);
  expect(readFileSync(path(), "utf8")).toBe(first);
  const newer = counting("a@2");
  const votes = await ask(newer);
  expect(newer.asked).toHaveLength(12);
  expect(votes.of(ballots[0]!, "a@1")).toBeDefined();
  expect(readFileSync(path(), "utf8").startsWith(first)).toBe(true);
});

test("a judge that fails keeps the votes until then, and no new question begins", async () => {
  const failing = counting("a@1", 5);
  await expect(ask(failing, 3)).rejects.toThrow("down");
  expect(failing.asked).toHaveLength(5);
  const kept = readVotes(path()).length;
  expect(kept).toBeGreaterThanOrEqual(5);
  const rest = counting("a@1");
  await ask(rest);
  expect(rest.asked).toHaveLength(7);
  expect(readVotes(path())).toHaveLength(18);
});
