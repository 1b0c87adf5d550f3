/**
 * Loss and all gradients of a model in training. It uses the graphs of inference, with weights as inputs. The forward pass
 * keeps the residual stream between blocks; the backward pass is the engine's (src/model/engine/backward/backward-pass.ts).
 */
import type { Random } from "../../core/random.ts";
import type { Graph } from "../../graph/build/graph.ts";
import { gatherElements, logSoftmax } from "../../graph/ops/ops.ts";
import { outputGradients, WholeSequences } from "../../model/architecture/backward.ts";
import {
  blockPrefix,
  buildBlock,
  buildHead,
  embeddingName,
  graphKey,
} from "../../model/architecture/block-graphs.ts";
import type { ModelConfig } from "../../model/architecture/config.ts";
import { asInput } from "../../model/architecture/declare.ts";
import { RotaryTables } from "../../model/architecture/rotary.ts";
import { expectedShapes } from "../../model/architecture/weight-shapes.ts";
import { BackwardPass } from "../../model/engine/backward/backward-pass.ts";
import { type InferenceSession, Tensor } from "../../model/ort/ort.ts";
import { openWeightless, type SessionOptions } from "../../model/ort/session.ts";
import type { Example } from "../design/encode.ts";
import type { Parameter } from "./adamw.ts";

type Floats = Float32Array<ArrayBuffer>;
type Parameters = ReadonlyMap<string, Parameter>;

export interface Lesson {
  /** Mean negative log-likelihood of the learned tokens, nats. */
  loss: number;
  /** d loss / d parameter, by parameter name. */
  gradients: Map<string, Floats>;
}

/** Initial parameters, as in Transformers: matrices from N(0, deviation²), norms 1. */
export function initialParameters(
  config: ModelConfig,
  deviation: number,
  rng: Random,
): Map<string, Parameter> {
  return new Map(
    [...expectedShapes(config)].map(([name, shape]) => {
      const stream = rng.split(name);
      const count = shape.reduce((product, size) => product * size, 1);
      const values = Float32Array.from({ length: count }, () =>
        shape.length > 1 ? deviation * stream.normal() : 1,
      );
      return [name, { shape, values }];
    }),
  );
}

const allWeights = { weights: true, slots: {}, masks: false, inside: [] };

export class Backprop {
  readonly #config: ModelConfig;
  readonly #parameters: Parameters;
  readonly #rotary = new RotaryTables();
  readonly #forward: InferenceSession;
  readonly #backward: BackwardPass;
  readonly #head: InferenceSession;
  /** Names of a block's weights without the block's prefix, and names of the head's weights. */
  readonly #names: { block: string[]; head: string[] };

  private constructor(
    config: ModelConfig,
    parameters: Parameters,
    options: SessionOptions,
    sessions: { forward: InferenceSession; head: InferenceSession },
    names: { block: string[]; head: string[] },
  ) {
    if (!config.tiedHead || config.embeddingScale !== 1 || new Set(config.layers.map(graphKey)).size !== 1)
      throw new RangeError("Backprop: expected a tied head, an embedding scale of 1 and layers all alike");
    this.#config = config;
    this.#parameters = parameters;
    this.#forward = sessions.forward;
    this.#backward = new BackwardPass(config, (prefix, names) => this.#weights(names, prefix), options);
    this.#head = sessions.head;
    this.#names = names;
  }

  /** @param parameters read again at each lesson, so an optimizer may change them in place */
  static async open(config: ModelConfig, parameters: Parameters, options: SessionOptions): Promise<Backprop> {
    const layer = config.layers[0]!;
    const forward = buildBlock(config, layer, asInput, "");
    forward.inputs.graph.output("y", forward.outputs.y);
    const head = lossGraph(config);
    return new Backprop(
      config,
      parameters,
      options,
      {
        forward: await openWeightless(forward.inputs.graph, options),
        head: await openWeightless(head.graph, options),
      },
      { block: [...forward.weights.keys()], head: head.names },
    );
  }

  /** @param batch rows of any lengths; shorter ones are padded on the right, where no earlier token attends */
  async lesson(batch: readonly Example[]): Promise<Lesson> {
    const config = this.#config;
    const B = batch.length;
    const T = Math.max(...batch.map(({ ids }) => ids.length));
    const d = config.hiddenSize;
    const sequences = new WholeSequences(this.#rotary, B, T);
    const inputs: Floats[] = [this.#embed(batch, T)];
    for (const [index, layer] of config.layers.entries()) {
      const outputs = await this.#forward.run({
        ...sequences.of(layer),
        x: new Tensor("float32", inputs[index]!, [B, T, d]),
        ...this.#weights(this.#names.block, blockPrefix(index)),
      });
      inputs.push(outputs["y"]!.data as Floats);
    }
    const gradients = new Map<string, Floats>();
    const top = await this.#throughHead(batch, T, inputs[config.layers.length]!, gradients);
    const descent = {
      forwarded: { B, T, inputOf: (layer: number) => inputs[layer]!, lent: new Map(), perLayer: {} },
      top: top.cotangent,
      onOutput: (_: number, cotangent: Floats | null) => cotangent,
      onWeight: (name: string, gradient: Floats) => gradients.set(name, gradient),
      inside: null,
    };
    const [cotangent] = await this.#backward.run([descent], { lowest: 0, wants: () => allWeights });
    this.#addEmbeddingGradient(batch, T, cotangent!, gradients.get(embeddingName)!);
    return { loss: top.loss, gradients };
  }

  async close(): Promise<void> {
    await this.#forward.release();
    await this.#backward.close();
    await this.#head.release();
  }

  #weights(names: readonly string[], prefix: string): Record<string, Tensor> {
    return Object.fromEntries(
      names.map((name) => {
        const { values, shape } = this.#parameters.get(prefix + name)!;
        return [name, new Tensor("float32", values, [...shape])];
      }),
    );
  }

  /** Embedding rows of a batch, [B, T, d]; padding stays zero. */
  #embed(batch: readonly Example[], T: number): Floats {
    const d = this.#config.hiddenSize;
    const table = this.#parameters.get(embeddingName)!.values;
    const x = new Float32Array(batch.length * T * d);
    batch.forEach(({ ids }, row) => {
      ids.forEach((id, t) => {
        x.set(table.subarray(id * d, (id + 1) * d), (row * T + t) * d);
      });
    });
    return x;
  }

  /** Runs the head and the loss on the positions whose next token is learned, and only on these. */
  async #throughHead(
    batch: readonly Example[],
    T: number,
    residual: Floats,
    gradients: Map<string, Floats>,
  ): Promise<{ loss: number; cotangent: Floats }> {
    const d = this.#config.hiddenSize;
    const places: number[] = [];
    const targets: bigint[] = [];
    batch.forEach(({ ids, learned }, row) => {
      for (let t = 0; t + 1 < ids.length; t++)
        if (learned[t + 1] === true) {
          places.push(row * T + t);
          targets.push(BigInt(ids[t + 1]!));
        }
    });
    const n = places.length;
    const x = new Float32Array(n * d);
    places.forEach((place, i) => {
      x.set(residual.subarray(place * d, (place + 1) * d), i * d);
    });
    const outputs = await this.#head.run({
      x: new Tensor("float32", x, [n, d]),
      target: new Tensor("int64", BigInt64Array.from(targets), [n, 1]),
      cotangent: new Tensor("float32", new Float32Array(n).fill(-1 / n), [n, 1]),
      ...this.#weights(this.#names.head, ""),
    });
    for (const name of this.#names.head) gradients.set(name, outputs[`d ${name}`]!.data as Floats);
    const cotangent = new Float32Array(residual.length);
    const dx = outputs["dx"]!.data as Floats;
    places.forEach((place, i) => {
      cotangent.set(dx.subarray(i * d, (i + 1) * d), place * d);
    });
    const likelihoods = outputs["log_likelihood"]!.data as Floats;
    return { loss: -likelihoods.reduce((sum, value) => sum + value, 0) / n, cotangent };
  }

  /**
   * The tied matrix is used twice: as the head, whose gradient `into` already holds, and as the embedding, whose
   * gradient is added here.
   */
  #addEmbeddingGradient(batch: readonly Example[], T: number, cotangent: Floats, into: Floats): void {
    const d = this.#config.hiddenSize;
    batch.forEach(({ ids }, row) => {
      ids.forEach((id, t) => {
        const from = (row * T + t) * d;
        for (let i = 0; i < d; i++) into[id * d + i]! += cotangent[from + i]!;
      });
    });
  }
}

/** x [N, d] and target [N, 1] → log_likelihood [N, 1], and the gradients of its sum weighted by `cotangent` [N, 1]. */
function lossGraph(config: ModelConfig): { graph: Graph; names: string[] } {
  const { graph, x, logits, weights } = buildHead(config, asInput);
  const target = graph.input("target", "int64", ["N", 1]);
  const cotangent = graph.input("cotangent", "float32", ["N", 1]);
  const likelihood = gatherElements(logSoftmax(logits, 1), target, 1);
  const names = [...weights.keys()];
  const wrt = new Map([...weights].map(([name, weight]) => [`d ${name}`, weight]));
  outputGradients([{ value: likelihood, cotangent }], wrt.set("dx", x));
  graph.output("log_likelihood", likelihood);
  return { graph, names };
}
