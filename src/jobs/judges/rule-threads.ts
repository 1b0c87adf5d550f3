/**
 * The judge by rules for many answers: threads judge them side by side, and the rulings come in the order in which they were asked
 * for. Few answers are judged on the caller's thread, because a thread needs longer to start.
 */
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Choices } from "../../judges/decide.ts";
import type { Judge, JudgedAnswer, Ruling } from "../../judges/judge.ts";
import { judgeText, ruleJudgeWith } from "../../judges/rules.ts";

/** So many questions wait for an answer at the same time. If fewer do, there are no more, and no thread is started for them. */
export const questionsAtOnce = 1536;
/** How many answers a thread gets at a time. */
const batchSize = 64;
/** More threads than this wait for the one that writes the votes. */
const mostThreads = 4;
/** Rulings live for a short time. With so much memory for young objects, few are copied before they are given up. */
const youngMegabytes = 64;

interface Question {
  asked: JudgedAnswer;
  resolve: (ruling: Ruling) => void;
  reject: (error: Error) => void;
}

interface Batch {
  questions: readonly Question[];
  /** null until its thread has answered. */
  rulings: readonly Ruling[] | null;
}

interface Thread {
  worker: Worker;
  /** Batches without an answer, in the order in which they were sent. */
  open: Batch[];
}

export class RuleThreads implements Judge {
  readonly name: string;
  readonly #choices: Choices;
  readonly #most: number;
  readonly #threads: Thread[] = [];
  /** Questions that no thread has yet. */
  #waiting: Question[] = [];
  /** Batches whose rulings are not given out, in the order of the questions. */
  #batches: Batch[] = [];
  #failure: Error | null = null;

  /** @param threads how many it may start at most; null: as many as the machine has cores */
  constructor(choices: Choices, threads: number | null) {
    this.name = ruleJudgeWith(choices).name;
    this.#choices = choices;
    this.#most = Math.min(mostThreads, threads ?? availableParallelism());
  }

  judge(asked: JudgedAnswer): Promise<Ruling> {
    return new Promise((resolve, reject) => {
      // Whoever asks many answers at once does so in one turn of the event loop.
      if (this.#waiting.push({ asked, resolve, reject }) === 1) setImmediate(() => this.#handOut());
    });
  }

  /** Ends the threads. Questions that have no answer are rejected. */
  async close(): Promise<void> {
    this.#fail(new Error("the judge by rules is closed"));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #handOut(): void {
    const questions = this.#waiting;
    this.#waiting = [];
    if (this.#failure !== null) for (const { reject } of questions) reject(this.#failure);
    else if (this.#threads.length > 0 || (this.#most > 1 && questions.length >= questionsAtOnce)) {
      while (this.#threads.length < this.#most) this.#threads.push(this.#start());
      for (let i = 0; i < questions.length; i += batchSize) this.#send(questions.slice(i, i + batchSize));
    } else
      for (const { asked, resolve, reject } of questions)
        try {
          resolve(judgeText(asked, this.#choices));
        } catch (error) {
          reject(error as Error);
        }
  }

  #start(): Thread {
    // A checkout runs TypeScript; the package runs compiled JavaScript.
    const file = new URL(`./rule-thread${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, {
      workerData: this.#choices,
      resourceLimits: { maxYoungGenerationSizeMb: youngMegabytes },
    });
    const thread: Thread = { worker, open: [] };
    worker.on("message", (rulings: readonly Ruling[]) => {
      thread.open.shift()!.rulings = rulings;
      this.#giveOut();
    });
    worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", (code) => this.#fail(new Error(`a thread of the judge ended with code ${code}`)));
    return thread;
  }

  #send(questions: readonly Question[]): void {
    const batch: Batch = { questions, rulings: null };
    const thread = this.#threads.reduce((best, one) => (one.open.length < best.open.length ? one : best));
    this.#batches.push(batch);
    thread.open.push(batch);
    thread.worker.postMessage(questions.map(({ asked }) => asked));
  }

  #giveOut(): void {
    for (let first = this.#batches[0]; first?.rulings != null; first = this.#batches[0]) {
      const { questions, rulings } = first;
      this.#batches.shift();
      for (const [i, { resolve }] of questions.entries()) resolve(rulings[i]!);
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { questions } of this.#batches.splice(0))
      for (const { reject } of questions) reject(this.#failure);
  }
}
