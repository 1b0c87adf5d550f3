/**
 * The backward loop: the chain rule from the last block down to the first. The forward pass kept only the input of each
 * block. Each block is computed again inside its own backward graph, so no other activations are stored. Gradients of a
 * trained model (gradients.ts) and training (src/organisms/training/backprop.ts) both use this loop.
 */
import { backwardBlock, WholeSequences } from "../architecture/backward.ts";
import { blockPrefix, graphKey, lendersOf } from "../architecture/block-graphs.ts";
import { RotaryTables } from "../architecture/rotary.ts";
import type { ModelConfig } from "../architecture/settings/config-types.ts";
import { type InferenceSession, Tensor } from "../ort/ort.ts";
import { openWeightless, type SessionOptions } from "../ort/session.ts";
import type { Lent } from "./engine.ts";

type Floats = Float32Array<ArrayBuffer>;

/** Weights as float32 tensors, by their names below a prefix. */
export type WeightFeeds = (prefix: string, names: readonly string[]) => Record<string, Tensor>;

/** The tensors that the forward pass kept for B sequences of T tokens, padding included. */
export interface Forwarded {
  B: number;
  T: number;
  /** The input of a block, [B, T, d]. */
  inputOf: (layer: number) => Floats;
  /** Keys and values that other layers use too, by the layer that computed them. */
  lent: Lent;
  /** The inputs "per_layer.l" [B, T, size]; empty for a model without them. */
  perLayer: Readonly<Record<string, Tensor>>;
}

export interface Descent {
  /** d scalar / d output of the last block, [B, T, d]. */
  top: Floats;
  /** The last block that the loop goes through. If it is the number of layers or more, the loop goes through no block. */
  lowest: number;
  /** Whether the gradients of a block's weights are wanted. */
  wantsWeights: (layer: number) => boolean;
  /** Called before each block with d scalar / d its output, [B, T, d]. */
  onOutput: (layer: number, cotangent: Floats) => void;
  /** Called for each weight of the blocks that `wantsWeights` names, by the weight's full name. */
  onWeight: (name: string, gradient: Floats) => void;
}

interface BackwardSession {
  session: InferenceSession;
  /** Names of the block's weights below its prefix. */
  names: string[];
}

const sides = ["key", "value"] as const;
type KeysAndValues = Record<(typeof sides)[number], Floats>;

export class BackwardPass {
  /** One per kind of block, because the weights are inputs. */
  readonly #sessions = new Map<string, Promise<BackwardSession>>();
  readonly #config: ModelConfig;
  readonly #feeds: WeightFeeds;
  readonly #options: SessionOptions;
  readonly #lenders: ReadonlySet<number>;
  readonly #rotary = new RotaryTables();

  /** @param feeds called for each block of each run, so that an optimizer may change the weights in place */
  constructor(config: ModelConfig, feeds: WeightFeeds, options: SessionOptions) {
    this.#config = config;
    this.#feeds = feeds;
    this.#options = options;
    this.#lenders = lendersOf(config);
  }

  /** @returns d scalar / d input of the lowest block, [B, T, d] */
  async run(forwarded: Forwarded, descent: Descent): Promise<Floats> {
    const sequences = new WholeSequences(this.#rotary, forwarded.B, forwarded.T);
    const lent = new Map<number, KeysAndValues>();
    let cotangent = descent.top;
    for (let layer = this.#config.layers.length - 1; layer >= descent.lowest; layer--) {
      descent.onOutput(layer, cotangent);
      cotangent = await this.#throughBlock(layer, cotangent, forwarded, sequences, lent, descent);
    }
    return cotangent;
  }

  async close(): Promise<void> {
    for (const block of this.#sessions.values()) await (await block).session.release();
  }

  /** @param lent d scalar / d lent keys and values, summed over the layers above. The block adds its part. */
  async #throughBlock(
    layer: number,
    cotangent: Floats,
    { B, T, inputOf, lent: lentTensors, perLayer }: Forwarded,
    sequences: WholeSequences,
    lent: Map<number, KeysAndValues>,
    { wantsWeights, onWeight }: Descent,
  ): Promise<Floats> {
    const own = this.#config.layers[layer]!;
    const dims = [B, T, this.#config.hiddenSize];
    const prefix = blockPrefix(layer);
    const { session, names } = await this.#block(layer);
    const feeds: Record<string, Tensor> = {
      ...this.#feeds(prefix, names),
      ...sequences.of(own),
      ...(own.kvFrom === null ? {} : lentTensors.get(own.kvFrom)!),
      x: new Tensor("float32", inputOf(layer), dims),
      cotangent: new Tensor("float32", cotangent, dims),
    };
    const vector = perLayer[`per_layer.${layer}`];
    if (vector !== undefined) feeds["per_layer"] = vector;
    if (this.#lenders.has(layer))
      // The layers that use these keys and values are above, so the loop has passed them already.
      for (const side of sides)
        feeds[`cotangent_${side}`] = new Tensor(
          "float32",
          lent.get(layer)![side],
          lentTensors.get(layer)![side].dims,
        );
    const weights = wantsWeights(layer) ? names : [];
    const wanted = ["dx", ...weights.map((name) => `d ${name}`)];
    if (own.kvFrom !== null) wanted.push(...sides.map((side) => `d${side}`));
    const outputs = await session.run(feeds, wanted);
    const of = (name: string) => outputs[name]!.data as Floats;
    if (own.kvFrom !== null) addLent(lent, own.kvFrom, { key: of("dkey"), value: of("dvalue") });
    for (const name of weights) onWeight(prefix + name, of(`d ${name}`));
    return of("dx");
  }

  async #block(layer: number): Promise<BackwardSession> {
    const key = `${graphKey(this.#config.layers[layer]!)} ${this.#lenders.has(layer)}`;
    let session = this.#sessions.get(key);
    if (session === undefined) this.#sessions.set(key, (session = this.#open(layer)));
    return await session;
  }

  async #open(layer: number): Promise<BackwardSession> {
    const lends = this.#lenders.has(layer);
    const { graph, names } = backwardBlock(this.#config, this.#config.layers[layer]!, lends);
    return { session: await openWeightless(graph, this.#options), names };
  }
}

function addLent(gradients: Map<number, KeysAndValues>, layer: number, more: KeysAndValues): void {
  const sum = gradients.get(layer);
  if (sum === undefined) gradients.set(layer, more);
  else for (const side of sides) more[side].forEach((value, i) => (sum[side][i]! += value));
}
