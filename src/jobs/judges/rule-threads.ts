/**
 * The judge by rules for many answers: threads judge them side by side, and the rulings come in the order in which they were asked
 * for. The caller's thread, which writes the votes, judges in the time that is left to it. Few answers are judged on it alone,
 * because a thread needs longer to start.
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
/** More threads than this, the caller's included, wait for the one that writes the votes. */
const mostThreads = 4;
/** A thread has so many batches at a time, so that it need not wait for the next. */
const batchesAhead = 2;
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
  /** Batches that nobody judges yet. */
  #queue: Batch[] = [];
  /** Batches whose rulings are not given out, in the order of the questions. */
  #batches: Batch[] = [];
  #judgesItself = false;
  #failure: Error | null = null;

  /** @param threads how many may judge, the caller's included; null: as many as the machine has cores */
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
      while (this.#threads.length < this.#most - 1) this.#threads.push(this.#start());
      for (let i = 0; i < questions.length; i += batchSize) {
        const batch = { questions: questions.slice(i, i + batchSize), rulings: null };
        this.#queue.push(batch);
        this.#batches.push(batch);
      }
      this.#shareOut();
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
      this.#shareOut();
    });
    worker.on("error", (error) => this.#fail(error instanceof Error ? error : new Error(String(error))));
    worker.on("exit", (code) => this.#fail(new Error(`a thread of the judge ended with code ${code}`)));
    return thread;
  }

  /** The other threads first; then this one, a batch in each turn of the event loop. */
  #shareOut(): void {
    for (const { worker, open } of this.#threads)
      while (open.length < batchesAhead && this.#queue.length > 0) {
        const batch = this.#queue.shift()!;
        open.push(batch);
        worker.postMessage(batch.questions.map(({ asked }) => asked));
      }
    if (this.#judgesItself || this.#queue.length === 0) return;
    this.#judgesItself = true;
    setImmediate(() => {
      this.#judgesItself = false;
      this.#judgeOne();
    });
  }

  #judgeOne(): void {
    const batch = this.#queue.shift();
    if (batch === undefined) return;
    try {
      batch.rulings = batch.questions.map(({ asked }) => judgeText(asked, this.#choices));
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#giveOut();
    this.#shareOut();
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
    this.#queue = [];
    for (const { questions } of this.#batches.splice(0))
      for (const { reject } of questions) reject(this.#failure);
  }
}
