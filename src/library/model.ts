/** A model for a program: text, turns or exact ids in; answers, residual streams and gradients out. */
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
import { checkEdits, type Edit } from "../model/engine/edits.ts";
import type { Gradients, Objective } from "../model/engine/gradients.ts";
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
  /** Aborting it ends what is at work, and the model with it. */
  signal?: AbortSignal;
  /** Told what is at work while the model is fetched and opened. */
  onProgress?: (event: JobEvent) => void;
}

/** What a model reads, in one of three ways. `id` names it in messages and results; its place in the list when not given. */
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
  /** Of the sampling; 0 when not given. An answer's draws depend on it and on the input's id alone. */
  seed?: number;
  /** Answers generated together; they do not depend on it. 32 when not given. */
  batchSize?: number;
  /** Changes of the residual stream while it generates; none when not given. */
  edits?: readonly Edit[];
}

export interface Generated {
  id: string;
  /** What the model read. */
  prompt_ids: number[];
  /** The new tokens, without the one that ended the answer. */
  ids: number[];
  text: string;
  /** stop: the model ended by itself; length: maxNewTokens; context: the model's context was full. */
  finish: "stop" | "length" | "context";
}

export interface CaptureOptions {
  /** Blocks, from 0, whose output is kept. */
  layers: readonly number[];
  /** Keep the logits too; false when not given. */
  logits?: boolean;
  /** Changes of the residual stream on the way; none when not given. */
  edits?: readonly Edit[];
}

export interface Captured {
  id: string;
  /** [tokens] what the model read. */
  ids: number[];
  /** Block → [tokens, d_model], row-major float32: its output (resid_post), before any final norm, with its edits. */
  residuals: Map<number, Float32Array<ArrayBuffer>>;
  /** [tokens, vocab], row-major float32, after every soft cap; null when not asked for. */
  logits: Float32Array<ArrayBuffer> | null;
}

export interface GradientOptions extends Objective {
  /** Blocks, from 0, whose output the gradient is with respect to. */
  layers: readonly number[];
  /** A block whose weights' gradients are wanted as well. */
  weightsOf?: number;
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
  /** The most tokens that it reads and writes together. */
  readonly context: number;
  readonly precision: Precision;
  /** SHA-256, hex, of config and weights. */
  readonly sha256: string;
  /**
   * What a reader of the results has to know of how the files were read, a sentence each.
   * @param temperature of the answers that are to come; without it, what concerns answers is left out
   */
  notes(temperature?: number): readonly string[];
  /**
   * The tokens that the model would read.
   * @throws FathomError for an input that it cannot read, or that is longer than its context
   */
  encode(input: ModelInput): number[];
  /** The text of tokens, without special ones. @throws FathomError where the checkpoint has no tokenizer */
  decode(ids: readonly number[]): string;
  /**
   * Generates an answer to each input.
   * @param onAnswer told of each answer as it is finished, in whatever order that is
   * @returns the answers in the order of the inputs
   * @throws FathomError for an input that it cannot read, an option out of range, an edit that does not fit
   */
  generate(
    inputs: readonly ModelInput[],
    options: GenerateOptions,
    onAnswer?: (answer: Generated, index: number) => void,
  ): Promise<Generated[]>;
  /**
   * The residual stream of exact tokens. All of it is held in memory: 4 · tokens · d_model bytes a layer.
   * @returns what was captured of each input, in the order of the inputs
   * @throws FathomError for an input that it cannot read, a layer that is not there, an edit that does not fit
   */
  capture(inputs: readonly ModelInput[], options: CaptureOptions): Promise<Captured[]>;
  /**
   * Gradients of Σ coefficient · logits[position, token] over `terms`, positions from 0.
   * @returns `residuals`: block → [tokens, d_model]; `weights`: name → the weight's own shape, empty without `weightsOf`
   * @throws FathomError for an input that it cannot read, and a term, layer or block that is not there
   */
  gradients(input: ModelInput, options: GradientOptions): Promise<Gradients>;
  /** Ends the engine's thread and gives its memory back. What is called after it is rejected. */
  close(): Promise<void>;
}

/**
 * Opens a checkpoint. Close it when you are done: its thread keeps the process alive.
 * @param named a Hugging Face folder, a .gguf file, or a repository of the hub: org/name[@revision][:file.gguf]
 * @throws FathomError in one line for whatever is missing, broken, unsupported or not to be had
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
    const [read] = this.#encoded([input], 0);
    return await this.#engine.gradients({
      ids: read!.ids,
      objective: { terms },
      layers,
      weightsOf: weightsOf ?? null,
    });
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
