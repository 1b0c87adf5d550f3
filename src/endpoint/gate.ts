/**
 * Lets requests through one by one, in their order: only so many at the same time, so many requests and tokens per minute, none
 * while the server asked for a pause, and none that the budget does not cover. A request reserves the most that it can cost, so
 * the budget is never exceeded by requests that are under way.
 */
import { failure } from "../core/errors.ts";

/** A rate is counted over this many milliseconds. */
const minute = 60_000;

export interface Spent {
  requests: number;
  tokens: number;
}

/** null: no limit. */
export interface Limits {
  concurrency: number;
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
  budgetRequests: number | null;
  budgetTokens: number | null;
}

export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls `then` after so many milliseconds. @returns a function that prevents it */
  after(milliseconds: number, then: () => void): () => void;
}

const realClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, then) {
    const timer = setTimeout(then, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
};

interface Passed {
  at: number;
  tokens: number;
}

interface Waiting {
  /** The most tokens that the request can cost. */
  most: number;
  enter: (leave: Leave) => void;
  refuse: (error: Error) => void;
}

/** Ends a request. @param tokens what it has cost */
export type Leave = (tokens: number) => void;

export class Gate {
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #spent: Spent;
  /** Tokens that requests under way may cost. */
  #reserved = 0;
  #running = 0;
  #closedUntil = -Infinity;
  readonly #passed: Passed[] = [];
  readonly #queue: Waiting[] = [];
  #cancelTimer: () => void = () => undefined;

  /** @param spent what earlier starts of the same job have spent of the budget */
  constructor(limits: Limits, spent: Spent, clock: Clock = realClock) {
    this.#limits = limits;
    this.#spent = { ...spent };
    this.#clock = clock;
  }

  get spent(): Spent {
    return { ...this.#spent };
  }

  /** Lets nothing in for so many milliseconds. */
  close(milliseconds: number): void {
    this.#closedUntil = Math.max(this.#closedUntil, this.#clock.now() + milliseconds);
  }

  /**
   * Waits until a request may be sent.
   * @param most the most tokens that it can cost
   * @returns a function to call when it has ended
   * @throws FathomError if the budget does not cover it @throws the reason of `signal`
   */
  async enter(most: number, signal: AbortSignal): Promise<Leave> {
    signal.throwIfAborted();
    return await new Promise<Leave>((resolve, reject) => {
      const end = (): void => {
        signal.removeEventListener("abort", abort);
      };
      const waiting: Waiting = {
        most,
        enter(leave) {
          end();
          resolve(leave);
        },
        refuse(error) {
          end();
          reject(error);
        },
      };
      const abort = (): void => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        waiting.refuse(signal.reason as Error);
        this.#advance();
      };
      signal.addEventListener("abort", abort);
      this.#queue.push(waiting);
      this.#advance();
    });
  }

  /** Lets in everything that may enter now, and comes back when the next one may. */
  #advance(): void {
    this.#cancelTimer();
    for (let first = this.#queue[0]; first !== undefined; first = this.#queue[0]) {
      const problem = this.#overBudget(first.most);
      // A request under way may cost less than it has reserved.
      if (problem !== null && this.#running > 0) return;
      if (problem === null && this.#running >= this.#limits.concurrency) return;
      const wait = problem === null ? this.#wait(first.most) : 0;
      if (wait > 0) {
        this.#cancelTimer = this.#clock.after(wait, () => {
          this.#advance();
        });
        return;
      }
      this.#queue.shift();
      if (problem === null) first.enter(this.#admit(first.most));
      else first.refuse(problem);
    }
  }

  #admit(most: number): Leave {
    const passed = { at: this.#clock.now(), tokens: most };
    this.#passed.push(passed);
    this.#running++;
    this.#reserved += most;
    this.#spent.requests++;
    return (tokens) => {
      passed.tokens = tokens;
      this.#running--;
      this.#reserved -= most;
      this.#spent.tokens += tokens;
      this.#advance();
    };
  }

  #overBudget(most: number): Error | null {
    const { budgetRequests, budgetTokens } = this.#limits;
    const { requests, tokens } = this.#spent;
    if (budgetRequests !== null && requests + 1 > budgetRequests)
      return overBudget("--budget-requests", `${budgetRequests} requests`, `${requests} sent`);
    if (budgetTokens !== null && tokens + this.#reserved + most > budgetTokens)
      return overBudget(
        "--budget-tokens",
        `${budgetTokens} tokens`,
        `${tokens} spent, and the next request can cost ${most}`,
      );
    return null;
  }

  /** Milliseconds until the first of the queue may enter; 0 if it may now. */
  #wait(most: number): number {
    const now = this.#clock.now();
    const passed = this.#passed;
    while (passed.length > 0 && passed[0]!.at + minute <= now) passed.shift();
    const { requestsPerMinute, tokensPerMinute } = this.#limits;
    const requests = free(passed, () => 1, (requestsPerMinute ?? Infinity) - 1);
    // A request that is larger than the rate itself goes alone.
    const tokens = free(passed, (one) => one.tokens, Math.max(0, (tokensPerMinute ?? Infinity) - most));
    return Math.max(this.#closedUntil - now, requests + minute - now, tokens + minute - now, 0);
  }
}

/** When the request was let in whose end of its minute makes enough room; -Infinity if there is room. */
function free(passed: readonly Passed[], cost: (one: Passed) => number, room: number): number {
  let total = passed.reduce((sum, one) => sum + cost(one), 0);
  let at = -Infinity;
  for (const one of passed) {
    if (total <= room) break;
    total -= cost(one);
    at = one.at;
  }
  return at;
}

function overBudget(option: string, cap: string, found: string): Error {
  return failure(
    option,
    `a budget that covers the next request`,
    `${cap}, of which ${found}`,
    `a higher ${option}; what was answered is kept, and --resume goes on`,
  );
}
