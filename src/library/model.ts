/** Models for programs: take text, turns or exact ids, and return answers, residual streams and gradients. */
import { badInput } from "../core/errors.ts";
import type { Device } from "../core/records/device.ts";
import type { Precision } from "../core/records/precision.ts";
import type { Message } from "../core/records/prompt.ts";
import { encodeEach } from "../jobs/inputs/encode-inputs.ts";
import { engineOptions } from "../jobs/inputs/engine-options.ts";
import { openNamed } from "../jobs/inputs/open-named.ts";
import type { JobEvent } from "../jobs/job/job-events.ts";
import { answersAt, type Checkpoint, endsOf, notesOf, textOf } from "../model/checkpoint/checkpoint.ts";
import { CapturedRows } from "../model/engine/captured-rows.ts";
import { checkEdits, type Edit } from "../model/engine/edits/edit.ts";
import { type Model as Engine, modelOf } from "../model/model.ts";
import { inputOf } from "../prompts/inputs.ts";
import { deviceDefault, generateDefaults, precisionDefault } from "./defaults.ts";

export interface OpenModelOptions {
  /** A LoRA adapter of PEFT's over it: a folder, or a repository of the hub. */
  adapter?: string;
  /** fp32 (exact) when not given. */
  precision?: Precision;
  /** cpu when not given. */
  device?: Device;
  /** Threads of the engine; one for each core when not given. */
  threads?: number;
  /** false keeps no rounded weights on the disk for the next time. */
  cache?: boolean;
  /** Aborting it ends the call in progress, and closes the model. */
  signal?: AbortSignal;
  /** Called with every event while the model is fetched and opened. */
  onProgress?: (event: JobEvent) => void;
}

/**
 * An input, in one of three forms. `id` names it in messages and results; when not given, it is the input's place in the list.
 */
export type ModelInput = { id?: string } & (
  | {
      /** Encoded as the tokenizer encodes plain text. */
      prompt: string;
    }
  | {
      /** Through the chat template, which opens the assistant's turn unless the assistant spoke last. */
      messages: readonly Message[];
    }
  | {
      /** Exactly these tokens; nothing is added. */
      ids: readonly number[];
    }
);

export interface GenerateOptions {
  /** The longest answer, in tokens. */
  maxNewTokens: number;
  /** 0 (greedy) when not given. */
  temperature?: number;
  /** Seed of the sampling; 0 when not given. An answer's random draws depend only on the seed and the input's id. */
  seed?: number;
  /** Answers generated together; 32 when not given. The answers do not depend on it. */
  batchSize?: number;
  /** Changes of the residual stream while it generates; none when not given. */
  edits?: readonly Edit[];
}

export interface Generated {
  id: string;
  /** The tokens that the model read. */
  prompt_ids: number[];
  /** The new tokens, without the one that ended the answer. */
  ids: number[];
  text: string;
  /** stop: the model ended the answer; length: maxNewTokens was reached; context: the model's context was full. */
  finish: "stop" | "length" | "context";
}

export interface CaptureOptions {
  /** Blocks, from 0, whose output is kept. */
  layers: readonly number[];
  /** Keep the logits too; false when not given. */
  logits?: boolean;
  /** Changes of the residual stream during the computation; none when not given. */
  edits?: readonly Edit[];
}

export interface Captured {
  id: string;
  /** The tokens that the model read, [tokens]. */
  ids: number[];
  /** Block → its output (resid_post) with the edits, before any final norm: [tokens, d_model], row-major float32. */
  residuals: Map<number, Float32Array<ArrayBuffer>>;
  /** [tokens, vocab], row-major float32, after every soft cap; null without `logits: true`. */
  logits: Float32Array<ArrayBuffer> | null;
}

export interface GradientOptions {
  /** The scalar: Σ coefficient · logits[position, token], e.g. the logit of one token minus that of another. */
  terms: readonly { position: number; token: number; coefficient: number }[];
  /** Blocks, from 0, whose output the gradient is with respect to. */
  layers: readonly number[];
  /** A block; the gradients of its weights are computed too. */
  weightsOf?: number;
}

export interface Gradients {
  /** Block → d scalar / d its output (resid_post), [tokens, d_model]. */
  residuals: Map<number, Float32Array<ArrayBuffer>>;
  /** Full name of a weight → d scalar / d weight, in the weight's shape, for every weight of the wanted block. */
  weights: Map<string, Float32Array<ArrayBuffer>>;
}

/** A checkpoint and its engine, which works in a thread of its own. Calls wait for each other. */
export interface Model {
  /** The folder's, the file's or the repository's name. */
  readonly name: string;
  /** The family, as the checkpoint's config names it. */
  readonly architecture: string;
  /** Number of blocks. */
  readonly layers: number;
  readonly d_model: number;
  readonly vocab: number;
  /** The most tokens of an input and its answer together. */
  readonly context: number;
  readonly precision: Precision;
  /** SHA-256, hex, of config and weights. */
  readonly sha256: string;
  /**
   * Sentences that a reader of the results must know about how the model's files were read.
   * @param temperature temperature of the answers that will be generated; without it, notes on answers are left out
   */
  notes(temperature?: number): readonly string[];
  /**
   * The tokens that the model would read.
   * @throws FathomError for an input that the model cannot read, or that is longer than its context
   */
  encode(input: ModelInput): number[];
  /** The text of tokens, without special tokens. @throws FathomError if the checkpoint has no tokenizer */
  decode(ids: readonly number[]): string;
  /**
   * Generates an answer to each input.
   * @param onAnswer called with each answer as soon as it is finished, in no fixed order
   * @returns the answers in the order of the inputs
   * @throws FathomError for an input that the model cannot read, an option out of range, or an edit that does not fit
   */
  generate(
    inputs: readonly ModelInput[],
    options: GenerateOptions,
    onAnswer?: (answer: Generated, index: number) => void,
  ): Promise<Generated[]>;
  /**
   * Captures the residual stream of exact tokens. All of it is held in memory: 4 · tokens · d_model bytes per layer.
   * @returns one entry per input, in the order of the inputs
   * @throws FathomError for an input that the model cannot read, a layer that does not exist, or an edit that does not fit
   */
  capture(inputs: readonly ModelInput[], options: CaptureOptions): Promise<Captured[]>;
  /**
   * Gradients of Σ coefficient · logits[position, token] over `terms`. Positions count from 0.
   * @returns `residuals`: block → [tokens, d_model]; `weights`: name → the weight's own shape, empty without `weightsOf`
   * @throws FathomError for an input that the model cannot read, and for a term, layer or block that does not exist
   */
  gradients(input: ModelInput, options: GradientOptions): Promise<Gradients>;
  /** Ends the engine's thread and frees its memory. Later calls are rejected. */
  close(): Promise<void>;
}

/**
 * Opens a checkpoint. Close it when you are done: its thread keeps the process alive.
 * @param named a Hugging Face folder, a .gguf file, or a repository of the hub: org/name[@revision][:file.gguf]
 * @throws FathomError with one line, for a checkpoint that is missing, broken, unsupported or cannot be fetched
 */
export async function openModel(named: string, options: OpenModelOptions = {}): Promise<Model> {
  const tell = options.onProgress ?? (() => undefined);
  const { checkpoint } = await openNamed({ model: named, adapter: options.adapter ?? null }, tell);
  const { threads = null, precision = precisionDefault, device = deviceDefault, cache = true } = options;
  const engine = await modelOf(
    checkpoint,
    engineOptions({ threads, precision, device, keepRounded: cache }, tell, options.signal),
  );
  return new OpenModel(checkpoint, engine);
}

class OpenModel implements Model {
  readonly #checkpoint: Checkpoint;
  readonly #engine: Engine;

  constructor(checkpoint: Checkpoint, engine: Engine) {
    this.#checkpoint = checkpoint;
    this.#engine = engine;
  }

  get name(): string {
    return this.#checkpoint.name;
  }

  get architecture(): string {
    return this.#checkpoint.config.architecture;
  }

  get layers(): number {
    return this.#checkpoint.config.layers.length;
  }

  get d_model(): number {
    return this.#checkpoint.config.hiddenSize;
  }

  get vocab(): number {
    return this.#checkpoint.config.vocabSize;
  }

  get context(): number {
    return this.#checkpoint.config.contextLength;
  }

  get precision(): Precision {
    return this.#engine.precision;
  }

  get sha256(): string {
    return this.#checkpoint.identity.model;
  }

  notes(temperature?: number): readonly string[] {
    return notesOf(this.#checkpoint, temperature === undefined ? "none" : answersAt(temperature));
  }

  encode(input: ModelInput): number[] {
    return this.#encoded([input], 0)[0]!.ids;
  }

  decode(ids: readonly number[]): string {
    return textOf(this.#checkpoint).tokenizer.decode([...ids], { skipSpecial: true });
  }

  async generate(
    inputs: readonly ModelInput[],
    {
      maxNewTokens,
      temperature = generateDefaults.temperature,
      seed = generateDefaults.seed,
      batchSize = generateDefaults.batchSize,
      edits = [],
    }: GenerateOptions,
    onAnswer: (answer: Generated, index: number) => void = () => undefined,
  ): Promise<Generated[]> {
    requireWhole("maxNewTokens", maxNewTokens, 1);
    requireWhole("seed", seed, 0);
    requireWhole("batchSize", batchSize, 1);
    if (!(temperature >= 0 && temperature < Infinity))
      throw badInput("temperature", "a number of 0 or more", String(temperature));
    this.#requireEdits(edits);
    const endTokens = endsOf(this.#checkpoint);
    const read = this.#encoded(inputs, 1);
    const answers: Generated[] = [];
    await this.#engine.generate(
      read.map(({ id, ids }) => ({ id, ids, maxNewTokens, temperature, seed: `${seed}/${id}` })),
      { endTokens, batchSize, watch: [], captureLayers: [], edits },
      ({ ids, finish }, index) => {
        const { id, ids: prompt_ids } = read[index]!;
        const answer = { id, prompt_ids, ids, text: this.decode(ids), finish };
        answers[index] = answer;
        onAnswer(answer, index);
      },
    );
    return answers;
  }

  async capture(
    inputs: readonly ModelInput[],
    { layers, logits = false, edits = [] }: CaptureOptions,
  ): Promise<Captured[]> {
    this.#requireLayers("layers", layers);
    if (layers.length === 0 && !logits) throw badInput("layers", "at least one, or logits", "none");
    this.#requireEdits(edits);
    const read = this.#encoded(inputs, 0);
    const captured = new CapturedRows();
    if (read.length > 0) await this.#engine.capture(read, { layers, logits, edits }, captured.take);
    return read.map(({ id, ids }, index) => ({
      id,
      ids,
      residuals: new Map(layers.map((layer) => [layer, captured.row(index, layer)])),
      logits: logits ? captured.row(index, "logits") : null,
    }));
  }

  async gradients(input: ModelInput, { terms, layers, weightsOf }: GradientOptions): Promise<Gradients> {
    this.#requireLayers("layers", layers);
    if (weightsOf !== undefined) this.#requireLayers("weightsOf", [weightsOf]);
    for (const { position, token } of terms) {
      requireWhole("terms: position", position, 0);
      requireWhole("terms: token", token, 0);
    }
    const residuals: Gradients["residuals"] = new Map();
    const weights: Gradients["weights"] = new Map();
    await this.#engine.gradients(
      this.#encoded([input], 0).map(({ id, ids }) => ({ id, ids, objective: { kind: "logits", terms } })),
      { edits: [], sites: layers.map((layer) => ({ layer, site: "resid_post" })), weightsOf },
      (row) => {
        layers.forEach((layer, i) => residuals.set(layer, row.sites[i]!));
        for (const [name, gradient] of row.weights) weights.set(name, gradient);
      },
    );
    return { residuals, weights };
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }

  #encoded(inputs: readonly ModelInput[], room: number) {
    const ids = new Set<string>();
    const rows = inputs.map((input, index) => {
      const row = inputOf({ id: String(index), ...input }, `input ${index}`);
      if (ids.has(row.id)) throw badInput(`input ${index}: id`, "each id once", JSON.stringify(row.id));
      ids.add(row.id);
      return row;
    });
    return encodeEach(rows, "input", this.#checkpoint, { chat: false, room });
  }

  #requireLayers(name: string, layers: readonly number[]): void {
    for (const layer of layers)
      if (!Number.isInteger(layer) || layer < 0 || layer >= this.layers)
        throw badInput(name, `a block from 0 to ${this.layers - 1}`, String(layer));
  }

  #requireEdits(edits: readonly Edit[]): void {
    checkEdits(edits, { hiddenSize: this.d_model, layers: this.layers });
  }
}

function requireWhole(name: string, value: number, from: number): void {
  if (!Number.isSafeInteger(value) || value < from)
    throw badInput(name, `a whole number of ${from} or more`, String(value));
}
