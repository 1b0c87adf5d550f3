/** The gate with a clock that the test moves: rates over minutes, budgets, order. */
import { expect, it } from "vitest";
import { type Clock, Gate, type Leave, type Limits } from "./gate.ts";

class Watch implements Clock {
  #now = 0;
  #timers: { at: number; then: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(milliseconds: number, then: () => void): () => void {
    const timer = { at: this.#now + milliseconds, then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  }

  async move(milliseconds: number): Promise<void> {
    this.#now += milliseconds;
    for (const due of this.#timers.filter(({ at }) => at <= this.#now)) {
      this.#timers = this.#timers.filter((one) => one !== due);
      due.then();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const free: Limits = {
  concurrency: 100,
  requestsPerMinute: null,
  tokensPerMinute: null,
  budgetRequests: null,
  budgetTokens: null,
};
const none = { requests: 0, tokens: 0 };

/** Enters with each of `costs` at once. `inside` has the places of those that were let in, in their order. */
function entering(limits: Partial<Limits>, costs: readonly number[]) {
  const watch = new Watch();
  const gate = new Gate({ ...free, ...limits }, none, watch);
  const inside: number[] = [];
  const leaves: Leave[] = [];
  const errors: string[] = [];
  costs.forEach((most, i) => {
    gate.enter(most, new AbortController().signal).then(
      (leave) => {
        inside.push(i);
        leaves[i] = leave;
      },
      (error: unknown) => errors.push((error as Error).message),
    );
  });
  return { watch, gate, inside, leaves, errors };
}

it("requests per minute: the third waits until the first is a minute old", async () => {
  const { watch, inside } = entering({ requestsPerMinute: 2 }, [1, 1, 1, 1]);
  await watch.move(59_999);
  expect(inside).toEqual([0, 1]);
  await watch.move(1);
  expect(inside).toEqual([0, 1, 2, 3]);
});

it("tokens per minute: what a request really cost makes room for the next", async () => {
  const { watch, inside, leaves } = entering({ tokensPerMinute: 100 }, [60, 60, 60]);
  await watch.move(0);
  expect(inside).toEqual([0]);
  leaves[0]!(20);
  await watch.move(0);
  expect(inside).toEqual([0, 1]);
  leaves[1]!(60);
  await watch.move(59_000);
  expect(inside).toEqual([0, 1]);
  await watch.move(1000);
  expect(inside).toEqual([0, 1, 2]);
});

it("a request that is larger than the rate goes alone", async () => {
  const { watch, inside } = entering({ tokensPerMinute: 100 }, [10, 500, 10]);
  await watch.move(0);
  expect(inside).toEqual([0]);
  await watch.move(60_000);
  expect(inside).toEqual([0, 1]);
  await watch.move(60_000);
  expect(inside).toEqual([0, 1, 2]);
});

it("the budget waits for requests under way, and is never exceeded", async () => {
  const { watch, gate, inside, leaves, errors } = entering({ budgetTokens: 100 }, [60, 60, 60]);
  await watch.move(0);
  expect(inside).toEqual([0]);
  leaves[0]!(30);
  await watch.move(0);
  expect(inside).toEqual([0, 1]);
  leaves[1]!(60);
  await watch.move(0);
  expect(inside).toEqual([0, 1]);
  expect(errors).toEqual([
    "--budget-tokens: expected a budget that covers the next request, found 100 tokens, of which 90 spent, and the next request can cost 60. Try: a higher --budget-tokens; what was answered is kept, and --resume goes on",
  ]);
  expect(gate.spent).toEqual({ requests: 2, tokens: 90 });
});

it("a closed gate lets nobody in until its time is over", async () => {
  const watch = new Watch();
  const gate = new Gate(free, none, watch);
  gate.close(500);
  let isIn = false;
  void gate.enter(1, new AbortController().signal).then(() => (isIn = true));
  await watch.move(499);
  expect(isIn).toBe(false);
  await watch.move(1);
  expect(isIn).toBe(true);
});

it("an abort frees the place in the queue", async () => {
  const watch = new Watch();
  const gate = new Gate({ ...free, requestsPerMinute: 1 }, none, watch);
  await gate.enter(1, new AbortController().signal);
  const stop = new AbortController();
  const second = gate.enter(1, stop.signal);
  let isIn = false;
  void gate.enter(1, new AbortController().signal).then(() => (isIn = true));
  stop.abort(new Error("enough"));
  await expect(second).rejects.toThrow("enough");
  await watch.move(60_000);
  expect(isIn).toBe(true);
});
