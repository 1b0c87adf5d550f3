import { expect, it } from "vitest";
import { circuits } from "../../../test/support/circuits.ts";
import { takeApart } from "../minimal/take-apart.ts";
import { inStep } from "./in-step.ts";
import type { Ask, Subject } from "./subject.ts";

const search = { boundary: 0, decoderCosine: null, limits: { sets: 8, searches: 20, measured: 8 } };

/** The subject, and how many asks each call had. */
function watched(subject: Subject): { subject: Subject; calls: number[] } {
  const calls: number[] = [];
  const seen =
    <T>(of: (asks: readonly Ask[]) => Promise<T>) =>
    (asks: readonly Ask[]) => {
      calls.push(asks.length);
      return of(asks);
    };
  return {
    calls,
    subject: {
      candidates: subject.candidates,
      prompts: subject.prompts,
      scores: seen((asks) => subject.scores(asks)),
      sensitivities: seen((asks) => subject.sensitivities(asks)),
      activity: seen((asks) => subject.activity(asks)),
      judged: seen((asks) => subject.judged(asks)),
    },
  };
}

it("searches in step find what each finds alone, with as many asks in far fewer calls", async () => {
  for (const seed of [1, 2, 3]) {
    const circuit = circuits.noisyCascade(seed, 60);
    const universe = circuit.candidates.map((_, i) => i);
    const searches = circuit
      .harmful("fit")
      .map((prompt) => (subject: Subject) => takeApart(subject, [prompt], universe, search));
    const [alone, together] = [watched(circuit), watched(circuit)];
    const expected = [];
    for (const run of searches) expected.push(await run(alone.subject));
    expect(await inStep(together.subject, searches)).toEqual(expected);
    const asks = (calls: readonly number[]) => calls.reduce((sum, n) => sum + n, 0);
    expect(asks(together.calls)).toBe(asks(alone.calls));
    expect(together.calls.length).toBeLessThan((2 / searches.length) * alone.calls.length);
  }
});

it("questions are put together in the order of the searches, whichever was faster", async () => {
  const circuit = circuits.parallel(1, 4);
  const { subject, calls } = watched(circuit);
  const prompts = circuit.harmful("fit").slice(0, 3);
  const asking = (prompt: number, turns: number, rounds: number) => async (own: Subject) => {
    const scores: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      scores.push(...(await own.scores([{ prompt, off: [round] }])));
    }
    return scores;
  };
  const expected = await Promise.all(
    prompts.map(async (prompt, i) => [
      ...(await circuit.scores(Array.from({ length: 3 - i }, (_, round) => ({ prompt, off: [round] })))),
    ]),
  );
  expect(
    await inStep(
      subject,
      prompts.map((prompt, i) => asking(prompt, 5 - i, 3 - i)),
    ),
  ).toEqual(expected);
  expect(calls).toEqual([3, 2, 1]);
});

it("a search that fails does not hold up the others, and its error is thrown at the end", async () => {
  const circuit = circuits.parallel(1, 4);
  let ended = false;
  const failing = () => Promise.reject(new Error("no search"));
  const lasting = async (own: Subject) => {
    await own.scores([{ prompt: 0, off: [] }]);
    await own.judged([{ prompt: 0, off: [] }]);
    ended = true;
  };
  await expect(inStep(circuit, [failing, lasting])).rejects.toThrow("no search");
  expect(ended).toBe(true);
});

it("an error of the subject reaches every search that asked", async () => {
  const circuit = circuits.parallel(1, 4);
  const broken: Subject = {
    candidates: circuit.candidates,
    prompts: circuit.prompts,
    scores: () => Promise.reject(new Error("no disk")),
    sensitivities: (asks) => circuit.sensitivities(asks),
    activity: (asks) => circuit.activity(asks),
    judged: (asks) => circuit.judged(asks),
  };
  const caught: unknown[] = [];
  const run = async (own: Subject) => {
    await own.scores([{ prompt: 0, off: [] }]).catch((error: unknown) => caught.push(error));
  };
  await inStep(broken, [run, run]);
  expect(caught).toHaveLength(2);
});
