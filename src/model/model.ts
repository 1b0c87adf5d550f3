/**
 * A model for the rest of Fathom: its checkpoint is in this thread, its engine in a worker thread. Calls wait in a queue.
 * Results are passed on as soon as they are ready.
 */
import "./ort/no-telemetry.ts";
import { MessageChannel, type Transferable, Worker } from "node:worker_threads";
import { FathomError } from "../core/errors.ts";
import type { Precision } from "../core/records/precision.ts";
import { type Checkpoint, openCheckpoint } from "./checkpoint/checkpoint.ts";
import { collectAfterReading } from "./checkpoint/collect-garbage.ts";
import type { Ledger, Measured, MeasureOptions, MeasureRequest } from "./engine/branches/measured.ts";
import type { CaptureOptions, CaptureRequest, OnPiece } from "./engine/capture.ts";
import type { Edit } from "./engine/edits/edit.ts";
import type { HeldEdits } from "./engine/edits/held-edits.ts";
import type { EngineOptions } from "./engine/engine.ts";
import type {
  Arrival,
  GenerateOptions,
  GenerateRequest,
  Live,
  OnRow,
  OnTokens,
} from "./engine/generation.ts";
import type { GradientCost, GradientOptions, GradientRequest, Gradients } from "./engine/gradients.ts";
import type { Answer, Call, Event, WorkerData } from "./engine/protocol.ts";
import { multipliesInt8 } from "./ort/int8-products.ts";

export interface OpenOptions extends Pick<EngineOptions, "threads" | "device" | "oneBlockAtATime"> {
  /** fp32 (exact) when not given. */
  precision?: Precision;
  /** Whether to keep rounded weights in the user's cache for later runs; true when not given. */
  keepRounded?: boolean;
  /** Called when a matrix is rounded; never called in fp32, or when the cache has the rounded weights. */
  onRounded?: (done: number, total: number) => void;
  /** Called when a part is open. */
  onPart?: (done: number, total: number) => void;
  /** Stops the running call, between two steps. The engine then ends too. */
  signal?: AbortSignal;
}

/** `plan` is stated, because the requests that will arrive are not known. */
export type LiveOptions = GenerateOptions & Required<Pick<GenerateOptions, "plan">>;

export interface LiveGeneration {
  /** A request that is sent after the generation has run out of rows is not answered; `done` has resolved then or soon will. */
  send(arrival: Arrival): void;
  /** Resolves when no row is left. */
  done: Promise<void>;
}

export interface Model {
  readonly checkpoint: Checkpoint;
  readonly precision: Precision;
  generate(
    requests: readonly GenerateRequest[],
    options: GenerateOptions,
    onRow: OnRow,
    onTokens?: OnTokens,
  ): Promise<void>;
  /** Starts a generation that other requests may enter while it runs. */
  generateLive(
    requests: readonly GenerateRequest[],
    options: LiveOptions,
    onRow: OnRow,
    onNew: Live["onNew"],
  ): LiveGeneration;
  capture(
    requests: readonly CaptureRequest[],
    options: CaptureOptions,
    onPiece: OnPiece,
    onTokens?: OnTokens,
  ): Promise<void>;
  /**
   * Differentiates an objective of each request, under edits; the results come in no fixed order. fp32 only.
   * @throws FathomError for an objective, a site, an edit or a mask that does not fit
   */
  gradients(
    requests: readonly GradientRequest[],
    options: GradientOptions,
    onRow: (gradients: Gradients) => void,
    onTokens?: OnTokens,
  ): Promise<GradientCost>;
  /** Next-token distributions at chosen positions, under edits; rows share what they have in common (engine/measure.ts). */
  measure(
    requests: readonly MeasureRequest[],
    options: MeasureOptions,
    onRow: (measured: Measured) => void,
    onTokens?: OnTokens,
  ): Promise<Ledger>;
  /**
   * Sends edits to the engine once. `generate`, `capture` and the others take the handle in place of the edits.
   * @param behind edits that are held: the handle then stands for them and, after them, for the new ones, also when they are released
   * @throws FathomError for an edit that does not fit the model
   */
  holdEdits(edits: readonly Edit[], behind?: HeldEdits): Promise<HeldEdits>;
  /** Frees the memory of edits that are held. */
  releaseEdits(held: HeldEdits): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param path a Hugging Face directory or a .gguf file
 * @throws FathomError for every problem of the checkpoint
 */
export async function openModel(path: string, options: OpenOptions = {}): Promise<Model> {
  return await modelOf(await openCheckpoint(path), options);
}

/** A model of a checkpoint that is already open. Closing the model closes the checkpoint. */
export async function modelOf(checkpoint: Checkpoint, options: OpenOptions = {}): Promise<Model> {
  collectAfterReading(checkpoint.config);
  const { precision = "fp32", keepRounded = true, onRounded, onPart, signal, ...engineOptions } = options;
  const line = new WorkerLine({
    path: checkpoint.path,
    config: checkpoint.config,
    overlay: checkpoint.adapter?.overlay ?? null,
    precision,
    int8Products: precision === "int8" && (await multipliesInt8()),
    identity: checkpoint.identity,
    keepRounded,
    options: engineOptions,
    stop: new SharedArrayBuffer(4),
  });
  signal?.addEventListener("abort", () => {
    line.stop();
  });
  await line.opened((event) => {
    if (event.kind === "opened") onPart?.(event.done, event.total);
    if (event.kind === "rounded") onRounded?.(event.done, event.total);
  });
  return {
    checkpoint,
    precision,
    async generate(requests, generateOptions, onRow, onTokens) {
      const call: Call = { kind: "generate", requests, options: generateOptions, arrivals: null };
      await line.call(call, (event) => {
        if (event.kind === "generated") onRow(event.generation, event.index);
        if (event.kind === "tokens") onTokens?.(event.count, event.of);
      });
    },
    generateLive(requests, generateOptions, onRow, onNew) {
      const { port1: here, port2: arrivals } = new MessageChannel();
      const call: Call = { kind: "generate", requests, options: generateOptions, arrivals };
      const running = line.call(
        call,
        (event) => {
          if (event.kind === "generated") onRow(event.generation, event.index);
          if (event.kind === "new") onNew(event.tokens);
        },
        [arrivals],
      );
      return {
        send(arrival) {
          here.postMessage(arrival);
        },
        done: running.finally(() => {
          here.close();
        }),
      };
    },
    async capture(requests, captureOptions, onPiece, onTokens) {
      await line.call({ kind: "capture", requests, options: captureOptions }, (event) => {
        if (event.kind === "captured") onPiece(event.piece);
        if (event.kind === "tokens") onTokens?.(event.count, event.of);
      });
    },
    async gradients(requests, gradientOptions, onRow, onTokens) {
      let cost: GradientCost | null = null;
      await line.call({ kind: "gradients", requests, options: gradientOptions }, (event) => {
        if (event.kind === "differentiated") onRow(event.gradients);
        if (event.kind === "tokens") onTokens?.(event.count, event.of);
        if (event.kind === "descended") cost = event.cost;
      });
      return cost!;
    },
    async measure(requests, measureOptions, onRow, onTokens) {
      let ledger: Ledger | null = null;
      await line.call({ kind: "measure", requests, options: measureOptions }, (event) => {
        if (event.kind === "measured") onRow(event.measured);
        if (event.kind === "tokens") onTokens?.(event.count, event.of);
        if (event.kind === "evaluated") ledger = event.ledger;
      });
      return ledger!;
    },
    async holdEdits(edits, behind) {
      let held: HeldEdits | null = null;
      await line.call({ kind: "hold", edits, behind: behind ?? null }, (event) => {
        if (event.kind === "held") held = event.held;
      });
      return held!;
    },
    async releaseEdits(held) {
      await line.call({ kind: "release", held }, () => undefined);
    },
    async close() {
      await line.end();
      checkpoint.weights.close();
    },
  };
}

interface Pending {
  onEvent: (event: Event) => void;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** One call at a time over the worker's port. */
class WorkerLine {
  readonly #worker: Worker;
  #pending: Pending | null = null;
  #queue: Promise<unknown> = Promise.resolve();
  #ended: Error | null = null;
  readonly #stopFlag: Int32Array;
  /** Resolved while no call runs. ONNX Runtime aborts the process when its thread is ended in the middle of a run. */
  #idle: Promise<void> = Promise.resolve();
  #becomeIdle: () => void = () => undefined;

  constructor(data: WorkerData) {
    this.#stopFlag = new Int32Array(data.stop);
    // A checkout runs TypeScript; the package runs compiled JavaScript.
    const file = import.meta.url.endsWith(".ts") ? "./engine/worker.ts" : "./engine/worker.js";
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: data });
    this.#worker.on("message", (answer: Answer) => {
      this.#receive(answer);
    });
    this.#worker.on("error", (error) => {
      this.#fail(error instanceof Error ? error : new Error(String(error)));
    });
    this.#worker.on("exit", (code) => {
      this.#becomeIdle();
      this.#fail(new Error(`the engine's thread ended with code ${code}`));
    });
  }

  /** Resolves when the worker has opened its sessions. */
  async opened(onEvent: (event: Event) => void): Promise<void> {
    await this.#enqueue(null, onEvent);
  }

  async call(
    call: Call,
    onEvent: (event: Event) => void,
    transfer: readonly Transferable[] = [],
  ): Promise<void> {
    await this.#enqueue(call, onEvent, transfer);
  }

  /** Stops the running call. Its promise then rejects. */
  stop(): void {
    Atomics.store(this.#stopFlag, 0, 1);
  }

  async end(): Promise<void> {
    if (this.#ended === null) await this.#enqueue({ kind: "close" }, () => undefined);
    await this.#idle;
    this.#ended ??= new Error("the model is closed");
    await this.#worker.terminate();
  }

  #enqueue(
    call: Call | null,
    onEvent: (event: Event) => void,
    transfer: readonly Transferable[] = [],
  ): Promise<void> {
    const turn = this.#queue.then(
      () =>
        new Promise<void>((resolve, reject) => {
          if (this.#ended !== null) {
            reject(this.#ended);
            return;
          }
          this.#pending = { onEvent, resolve, reject };
          this.#idle = new Promise((settled) => (this.#becomeIdle = settled));
          if (call !== null) this.#worker.postMessage(call, transfer);
        }),
    );
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #receive(answer: Answer): void {
    if (answer.kind !== "event") this.#becomeIdle();
    const pending = this.#pending;
    if (pending === null) return;
    switch (answer.kind) {
      case "event":
        try {
          pending.onEvent(answer.event);
        } catch (error) {
          // When a listener throws (for example, because the disk is full),
          // nobody needs the rest, so the engine ends too.
          this.#fail(error instanceof Error ? error : new Error(String(error)));
          this.stop();
        }
        return;
      case "done":
        this.#pending = null;
        pending.resolve();
        return;
      case "failed":
        this.#pending = null;
        pending.reject(thrown(answer));
    }
  }

  #fail(error: Error): void {
    this.#ended ??= error;
    this.#pending?.reject(this.#ended);
    this.#pending = null;
  }
}

function thrown(answer: Extract<Answer, { kind: "failed" }>): Error {
  if (answer.problem !== null) return new FathomError(answer.problem, answer.exit);
  const error = new Error(answer.message);
  error.stack = answer.stack;
  return error;
}
