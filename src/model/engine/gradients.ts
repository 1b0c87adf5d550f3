/**
 * Gradients of a scalar of the logits, by the chain rule across blocks: forward keeps the residual between blocks,
 * backward recomputes each block inside its own derived backward graph. Nothing else is taped.
 */
import { badInput } from "../../core/errors.ts";
import { gradient } from "../../graph/gradient.ts";
import { backwardBlock, wholeSequences } from "../architecture/backward.ts";
import { asInput } from "../architecture/declare.ts";
import { blockPrefix, buildHead, graphKey, lendersOf } from "../architecture/parts.ts";
import { RotaryTables } from "../architecture/rotary.ts";
import { type InferenceSession, Tensor } from "../ort/ort.ts";
import { openWeightless } from "../ort/session.ts";
import { firstNotFinite } from "../weights/finite.ts";
import type { Engine, Step } from "./engine.ts";
import { KvCache } from "./kv-cache.ts";

/** The scalar: Σ coefficient · logits[position, token], e.g. the logit of one token minus that of another. */
export interface Objective {
  terms: readonly { position: number; token: number; coefficient: number }[];
}

export interface Gradients {
  /** d scalar / d resid_post by layer, [tokens, d]. */
  residuals: Map<number, Float32Array<ArrayBuffer>>;
  /** d scalar / d weight, for every weight of the block asked for, by its full name, in the weight's shape. */
  weights: Map<string, Float32Array<ArrayBuffer>>;
}

interface BackwardSession {
  session: InferenceSession;
  /** Of its weights, below the block's prefix. */
  names: string[];
}

const sides = ["key", "value"] as const;
type KeysAndValues = Record<(typeof sides)[number], Float32Array<ArrayBuffer>>;

/** What passes between layers beside the residual: keys and values, by the layer that made them. */
interface Lent {
  step: Step;
  /** d scalar / d each of them, summed over the layers that attend to them. */
  gradients: Map<number, KeysAndValues>;
}

export class GradientEngine {
  /** One for all layers of the same graph: the weights are its inputs. */
  readonly #blocks = new Map<string, Promise<BackwardSession>>();
  #head: Promise<BackwardSession> | null = null;
  readonly #engine: Engine;
  readonly #lenders: ReadonlySet<number>;
  readonly #rotary = new RotaryTables();

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#lenders = lendersOf(engine.config);
  }

  /**
   * @param ids one sequence, exactly as read
   * @param options.layers layers whose resid_post gradient is wanted
   * @param options.weightsOf a block whose weight gradients are wanted as well
   */
  async run(
    ids: readonly number[],
    objective: Objective,
    options: { layers: readonly number[]; weightsOf: number | null },
  ): Promise<Gradients> {
    const { config } = this.#engine;
    const { vocabSize } = config;
    const depth = config.layers.length;
    const T = ids.length;
    for (const { position, token } of objective.terms) {
      if (position < 0 || position >= T)
        throw badInput("objective", `a position from 0 to ${T - 1}`, String(position));
      if (token < 0 || token >= vocabSize)
        throw badInput("objective", `a token from 0 to ${vocabSize - 1}`, String(token));
    }
    const outputs: Float32Array<ArrayBuffer>[] = [];
    const cache = new KvCache(config, 1);
    cache.open();
    const step = await this.#engine.step(cache, 0, [ids], {
      remember: false,
      capture: {
        layers: new Set(config.layers.keys()),
        take: (_, residual) => outputs.push(residual.slice()),
      },
    });

    let cotangent = await this.#throughHead(outputs[depth - 1]!, objective);
    const wanted = new Set(options.layers);
    const residuals = new Map<number, Float32Array<ArrayBuffer>>();
    const weights: Gradients["weights"] = new Map();
    const lent: Lent = { step, gradients: new Map() };
    const lowest = Math.min(...options.layers, options.weightsOf ?? depth);
    for (let layer = depth - 1; layer >= 0; layer--) {
      if (wanted.has(layer)) residuals.set(layer, cotangent);
      const withWeights = options.weightsOf === layer;
      if (layer <= lowest && !withWeights) break;
      const input = layer === 0 ? this.#engine.embed([ids], T) : outputs[layer - 1]!;
      cotangent = await this.#throughBlock(layer, input, cotangent, withWeights ? weights : null, lent);
    }
    requireFiniteGradients(residuals, weights);
    return { residuals, weights };
  }

  async #throughHead(x: Float32Array<ArrayBuffer>, objective: Objective): Promise<Float32Array<ArrayBuffer>> {
    const { config } = this.#engine;
    const T = x.length / config.hiddenSize;
    const cotangent = new Float32Array(T * config.vocabSize);
    for (const { position, token, coefficient } of objective.terms) {
      cotangent[position * config.vocabSize + token]! += coefficient;
    }
    this.#head ??= this.#openHead();
    const { session, names } = await this.#head;
    const outputs = await session.run({
      ...this.#weightFeeds("", names),
      x: new Tensor("float32", x, [T, config.hiddenSize]),
      cotangent: new Tensor("float32", cotangent, [T, config.vocabSize]),
    });
    return outputs["dx"]!.data as Float32Array<ArrayBuffer>;
  }

  async #throughBlock(
    layer: number,
    x: Float32Array<ArrayBuffer>,
    cotangent: Float32Array<ArrayBuffer>,
    weightGradients: Gradients["weights"] | null,
    { step, gradients }: Lent,
  ): Promise<Float32Array<ArrayBuffer>> {
    const { config } = this.#engine;
    const own = config.layers[layer]!;
    const dims = [1, step.T, config.hiddenSize];
    const { session, names } = await this.#block(layer);
    const feeds: Record<string, Tensor> = {
      ...this.#weightFeeds(blockPrefix(layer), names),
      ...wholeSequences(own, this.#rotary, 1, step.T),
      ...(own.kvFrom === null ? {} : step.lent.get(own.kvFrom)!),
      x: new Tensor("float32", x, dims),
      cotangent: new Tensor("float32", cotangent, dims),
    };
    const perLayer = step.perLayer[`per_layer.${layer}`];
    if (perLayer !== undefined) feeds["per_layer"] = perLayer;
    if (this.#lenders.has(layer))
      // Those that attend to them lie above, and have been passed.
      for (const side of sides)
        feeds[`cotangent_${side}`] = new Tensor(
          "float32",
          gradients.get(layer)![side],
          step.lent.get(layer)![side].dims,
        );
    const wanted = ["dx"];
    if (own.kvFrom !== null) wanted.push(...sides.map((side) => `d${side}`));
    if (weightGradients !== null) wanted.push(...names.map((name) => `d ${name}`));
    const outputs = await session.run(feeds, wanted);
    const of = (name: string) => outputs[name]!.data as Float32Array<ArrayBuffer>;
    if (own.kvFrom !== null) addLent(gradients, own.kvFrom, { key: of("dkey"), value: of("dvalue") });
    if (weightGradients !== null) {
      weightGradients.clear();
      for (const name of names) weightGradients.set(blockPrefix(layer) + name, of(`d ${name}`));
    }
    return of("dx");
  }

  /** Decoded, by their names below the prefix. */
  #weightFeeds(prefix: string, names: readonly string[]): Record<string, Tensor> {
    const { weights } = this.#engine;
    return Object.fromEntries(
      names.map((name) => {
        const shape = weights.info(prefix + name).shape;
        return [name, new Tensor("float32", weights.read(prefix + name), shape)];
      }),
    );
  }

  async #block(layer: number): Promise<BackwardSession> {
    const key = `${graphKey(this.#engine.config.layers[layer]!)} ${this.#lenders.has(layer)}`;
    let session = this.#blocks.get(key);
    if (session === undefined) this.#blocks.set(key, (session = this.#openBlock(layer)));
    return await session;
  }

  async #openBlock(layer: number): Promise<BackwardSession> {
    const { config, options } = this.#engine;
    const { graph, names } = backwardBlock(config, config.layers[layer]!, this.#lenders.has(layer));
    return { session: await openWeightless(graph, options), names };
  }

  async #openHead(): Promise<BackwardSession> {
    const { config } = this.#engine;
    const { graph, x, logits, weights } = buildHead(config, asInput);
    const cotangent = graph.input("cotangent", "float32", ["N", config.vocabSize]);
    const [dx] = gradient([{ value: logits, cotangent }], [x]);
    graph.output("dx", dx!);
    return { session: await openWeightless(graph, this.#engine.options), names: [...weights.keys()] };
  }

  async close(): Promise<void> {
    await (await this.#head)?.session.release();
    for (const block of this.#blocks.values()) await (await block).session.release();
  }
}

/** @throws FathomError naming the first that overflowed */
function requireFiniteGradients(residuals: Gradients["residuals"], weights: Gradients["weights"]): void {
  const all = [
    ...[...residuals].map(([layer, values]) => [`of block ${layer}`, values] as const),
    ...[...weights].map(([name, values]) => [`of "${name}"`, values] as const),
  ];
  for (const [of, values] of all)
    if (firstNotFinite(values) >= 0)
      throw badInput("gradients", "finite numbers", `NaN or Infinity in that ${of}`);
}

function addLent(gradients: Lent["gradients"], layer: number, more: KeysAndValues): void {
  const sum = gradients.get(layer);
  if (sum === undefined) gradients.set(layer, more);
  else for (const side of sides) more[side].forEach((value, i) => (sum[side][i]! += value));
}
