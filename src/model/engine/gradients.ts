/** Gradients of a scalar of the logits with respect to the residual stream and to weights (backward-pass.ts). */
import { badInput } from "../../core/errors.ts";
import { gradient } from "../../graph/gradient.ts";
import { buildHead } from "../architecture/block-graphs.ts";
import { asInput } from "../architecture/declare.ts";
import { type InferenceSession, Tensor } from "../ort/ort.ts";
import { openWeightless } from "../ort/session.ts";
import { firstNotFinite } from "../weights/finite.ts";
import { BackwardPass } from "./backward-pass.ts";
import type { Engine } from "./engine.ts";
import { KvCache } from "./kv-cache.ts";

/** The scalar: Σ coefficient · logits[position, token], e.g. the logit of one token minus that of another. */
export interface Objective {
  terms: readonly { position: number; token: number; coefficient: number }[];
}

export interface Gradients {
  /** d scalar / d resid_post by layer, [tokens, d]. */
  residuals: Map<number, Float32Array<ArrayBuffer>>;
  /** Full name of a weight → d scalar / d weight, in the weight's shape, for every weight of the wanted block. */
  weights: Map<string, Float32Array<ArrayBuffer>>;
}

interface HeadSession {
  session: InferenceSession;
  /** Names of the head's weights. */
  names: string[];
}

export class GradientEngine {
  #head: Promise<HeadSession> | null = null;
  readonly #engine: Engine;
  readonly #backward: BackwardPass;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#backward = new BackwardPass(
      engine.config,
      (prefix, names) => this.#weightFeeds(prefix, names),
      engine.options,
    );
  }

  /**
   * @param ids one sequence: the exact tokens that the model reads
   * @param options.layers layers whose resid_post gradient is wanted
   * @param options.weightsOf a block whose weight gradients are wanted too; null for none
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

    const wanted = new Set(options.layers);
    const residuals = new Map<number, Float32Array<ArrayBuffer>>();
    const weights: Gradients["weights"] = new Map();
    const keep = (layer: number, cotangent: Float32Array<ArrayBuffer>) => {
      if (wanted.has(layer)) residuals.set(layer, cotangent);
    };
    // The loop gives the gradients down to the output of the layer below its lowest block.
    const reached = Math.min(...options.layers, (options.weightsOf ?? depth) - 1);
    const last = await this.#backward.run(
      {
        ...{ B: 1, T: step.T, lent: step.lent, perLayer: step.perLayer },
        inputOf: (layer) => (layer === 0 ? this.#engine.embed([ids], T) : outputs[layer - 1]!),
      },
      {
        top: await this.#throughHead(outputs[depth - 1]!, objective),
        lowest: reached + 1,
        wantsWeights: (layer) => layer === options.weightsOf,
        onOutput: keep,
        onWeight: (name, gradient) => weights.set(name, gradient),
      },
    );
    keep(reached, last);
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

  /** The decoded weights, by their names below the prefix. */
  #weightFeeds(prefix: string, names: readonly string[]): Record<string, Tensor> {
    const { weights } = this.#engine;
    return Object.fromEntries(
      names.map((name) => {
        const shape = weights.info(prefix + name).shape;
        return [name, new Tensor("float32", weights.read(prefix + name), shape)];
      }),
    );
  }

  async #openHead(): Promise<HeadSession> {
    const { config } = this.#engine;
    const { graph, x, logits, weights } = buildHead(config, asInput);
    const cotangent = graph.input("cotangent", "float32", ["N", config.vocabSize]);
    const [dx] = gradient([{ value: logits, cotangent }], [x]);
    graph.output("dx", dx!);
    return { session: await openWeightless(graph, this.#engine.options), names: [...weights.keys()] };
  }

  async close(): Promise<void> {
    await (await this.#head)?.session.release();
    await this.#backward.close();
  }
}

/** @throws FathomError naming the first gradient with NaN or an infinity */
function requireFiniteGradients(residuals: Gradients["residuals"], weights: Gradients["weights"]): void {
  const all = [
    ...[...residuals].map(([layer, values]) => [`of block ${layer}`, values] as const),
    ...[...weights].map(([name, values]) => [`of "${name}"`, values] as const),
  ];
  for (const [of, values] of all)
    if (firstNotFinite(values) >= 0)
      throw badInput("gradients", "finite numbers", `NaN or Infinity in the gradient ${of}`);
}
