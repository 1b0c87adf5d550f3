/**
 * The updates of a training run's weights, on several threads. Each range of features is updated by one thread, and what
 * ranges have in common is added in their order. So the result is the same to the bit for any number of threads.
 */
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Places } from "../loss/loss-session.ts";
import type { Objective } from "../objectives/objective.ts";
import { type AdamOptions, adamStep, adamUpdate, freshMoments, type Moments } from "../state/adam.ts";
import type { TrainingState } from "../state/training-state.ts";
import { type OwnName, type TrainedName, trainedNames, type Widths } from "../state/weights.ts";
import { type FeatureName, FeatureRows, type Gradients } from "./feature-rows.ts";
import { rangesOf, type SharedOut, takeRanges } from "./shared-out.ts";

/** Below so many weights in a matrix, the other threads take longer to start than they save in a run of some hundred steps. */
const worthThreads = 2 ** 19;
/** More threads would wait for the memory. */
const mostThreads = 4;

interface Thread {
  worker: Worker;
  done: () => void;
}

export class Updates {
  readonly #state: TrainingState;
  readonly #options: AdamOptions;
  readonly #shared: SharedOut;
  readonly #rows: FeatureRows;
  readonly #threads: Thread[] = [];
  /** Arrays of a step in shared memory, reused from step to step. */
  readonly #copies = new Map<string, Float32Array | Int32Array>();
  #failed: (error: Error) => void = () => undefined;
  readonly #failure: Promise<never>;

  /**
   * Moves the state's arrays to shared memory.
   * @param threads how many may work, the caller's included; as many as the machine has cores when not given
   */
  constructor(
    state: TrainingState,
    { own }: Objective,
    widths: Widths,
    options: AdamOptions,
    threads = availableParallelism(),
  ) {
    this.#state = state;
    this.#options = options;
    const { weights, adam } = state;
    const names = trainedNames(weights);
    for (const name of names) {
      weights[name] = inSharedMemory(weights[name]!);
      const { length } = weights[name];
      const { first, second } = adam.moments.get(name) ?? freshMoments(length);
      adam.moments.set(name, { first: inSharedMemory(first), second: inSharedMemory(second) });
    }
    const trained = {
      widths,
      names: names.filter((name): name is FeatureName => name !== "b_dec"),
      weights,
      moments: adam.moments as ReadonlyMap<TrainedName, Moments>,
      paces: Object.fromEntries(Object.entries(own).map(([name, { pace }]) => [name as OwnName, pace])),
    };
    this.#shared = {
      trained,
      next: inSharedMemory(new Int32Array(1)),
      ofCentre: inSharedMemory(new Float64Array(rangesOf(trained) * widths.d_in)),
    };
    this.#rows = new FeatureRows(trained);
    this.#failure = new Promise((_, reject) => (this.#failed = reject));
    // A failure between two steps is seen at the next one.
    this.#failure.catch(() => undefined);
    if (widths.d_in * widths.d_sae < worthThreads) return;
    while (this.#threads.length + 1 < Math.min(mostThreads, threads)) this.#threads.push(this.#start());
  }

  /**
   * One step of all weights.
   * @param given the gradients that the graph computed; they are changed
   * @param x [B, d_in] the batch, scaled
   */
  async step(
    {
      gradients: given,
      places,
      x,
    }: { gradients: Gradients["given"]; places: Places | null; x: Float32Array },
    rate: number,
    shrink: number,
  ): Promise<void> {
    const { weights, adam: state } = this.#state;
    const adam = adamStep(this.#options, ++state.steps, rate);
    const { b_dec: ofBias, ...ofFeatures } = given;
    const gradients: Gradients = { x, given: ofFeatures, places, adam, shrink };
    const { next, ofCentre, trained } = this.#shared;
    Atomics.store(next, 0, 0);
    const others = this.#threads.map((thread) => new Promise<void>((done) => (thread.done = done)));
    if (others.length > 0) {
      const copied = this.#copied(gradients);
      for (const { worker } of this.#threads) worker.postMessage(copied);
    }
    takeRanges(this.#rows, gradients, this.#shared);
    await Promise.race([Promise.all(others), this.#failure]);
    const gradient = Float32Array.from(ofBias!);
    if (places !== null) {
      const sum = new Float64Array(gradient.length);
      for (let at = 0; at < ofCentre.length; at++)
        sum[at % sum.length] = sum[at % sum.length]! + ofCentre[at]!;
      for (let i = 0; i < sum.length; i++) gradient[i] = gradient[i]! - sum[i]!;
    }
    const update = { name: "b_dec", values: weights.b_dec, gradient, shrink };
    adamUpdate(update, trained.moments.get("b_dec")!, adam);
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }

  #start(): Thread {
    // A checkout runs TypeScript; the package runs compiled JavaScript.
    const file = new URL(`./update-thread${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(file, { workerData: this.#shared });
    const thread: Thread = { worker, done: () => undefined };
    worker.on("message", () => {
      thread.done();
    });
    worker.on("error", (error) => {
      this.#failed(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on("exit", (code) => {
      this.#failed(new Error(`a thread of the training ended with code ${code}`));
    });
    return thread;
  }

  /** The same in shared memory. */
  #copied({ x, given, places, ...step }: Gradients): Gradients {
    const copy = <T extends Float32Array | Int32Array>(name: string, values: T): T => {
      let known = this.#copies.get(name);
      if (known === undefined || known.length < values.length)
        this.#copies.set(name, (known = inSharedMemory(values)));
      const own = known.subarray(0, values.length) as T;
      own.set(values);
      return own;
    };
    const all = <T extends object>(of: string, arrays: T): T =>
      Object.fromEntries(
        Object.entries(arrays).map(([name, values]) => [name, copy(`${of}.${name}`, values as Float32Array)]),
      ) as T;
    return {
      ...step,
      x: copy("x", x),
      given: all("given", given),
      places:
        places === null
          ? null
          : { byFeature: all("places", places.byFeature), outputs: all("outputs", places.outputs) },
    };
  }
}

/** A copy in memory that all threads see. */
function inSharedMemory<T extends Float32Array | Float64Array | Int32Array>(values: T): T {
  const copy = new (values.constructor as new (buffer: SharedArrayBuffer) => T)(
    new SharedArrayBuffer(values.byteLength),
  );
  copy.set(values);
  return copy;
}
