/**
 * The backward loop: the chain rule from the last block down to the first. The forward pass kept only the input of each
 * block. Each block is computed again inside its own backward graph, so no other activations are stored. Gradients of a
 * trained model (../gradients.ts) and training (src/organisms/training/backprop.ts) both use this loop.
 */
import {
  type BackwardKind,
  type BackwardWants,
  backwardBlock,
  WholeSequences,
} from "../../architecture/backward.ts";
import { blockPrefix, graphKey, lendersOf } from "../../architecture/block-graphs.ts";
import { RotaryTables } from "../../architecture/rotary.ts";
import type { ModelConfig } from "../../architecture/settings/config-types.ts";
import type { SiteKind } from "../../architecture/slots/sites.ts";
import { collectArrays } from "../../checkpoint/collect-garbage.ts";
import { type InferenceSession, Tensor } from "../../ort/ort.ts";
import { openWeightless, type SessionOptions } from "../../ort/session.ts";

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
  lent: ReadonlyMap<number, Record<"key" | "value", Tensor>>;
  /** The inputs "per_layer.l" [B, T, size]; empty for a model without them. */
  perLayer: Readonly<Record<string, Tensor>>;
}

/** The way down of the sequences of one forward call. Their gradients are null while they are zero everywhere. */
export interface Descent {
  forwarded: Forwarded;
  /** d scalar / d output of the last block, [B, T, d]. */
  top: Floats | null;
  /**
   * Called before each block with d scalar / d its output, [B, T, d].
   * @returns the same, or the sum with the gradient of a scalar that reads this output itself
   */
  onOutput: (layer: number, cotangent: Floats | null) => Floats | null;
  /** Called for each weight of the blocks whose weights are wanted, by the weight's full name. */
  onWeight: (name: string, gradient: Floats) => void;
  /** What happens inside the blocks; null for nothing. */
  inside: Inside | null;
}

export interface Inside {
  /** The inputs of the slots of a block. */
  feeds: (layer: number) => Record<string, Tensor>;
  /** d scalar / d site, [B, T, d], of a scalar that reads this site itself; null for none. */
  cotangent: (layer: number, site: SiteKind) => Floats | null;
  /** Called after each block. @param of a result of its backward graph by name, padding included */
  take: (layer: number, of: (name: string) => Floats) => void;
}

export interface Range {
  /** The last block that the loop goes through. If it is the number of layers or more, the loop goes through no block. */
  lowest: number;
  wants: (layer: number) => BackwardWants;
}

interface BackwardSession {
  session: InferenceSession;
  /** Names of the block's weights below its prefix. */
  names: string[];
  /** Those on which a result depends. */
  fed: string[];
}

const sides = ["key", "value"] as const;
type KeysAndValues = Record<(typeof sides)[number], Floats>;

/** A block whose weights are fed. */
interface OpenBlock extends BackwardSession {
  wants: BackwardWants;
  weights: Record<string, Tensor>;
}

/** A descent at a block. */
interface Falling {
  descent: Descent;
  sequences: WholeSequences;
  cotangent: Floats | null;
  /** d scalar / d lent keys and values by lender, summed over the layers above. */
  lentGradients: Map<number, KeysAndValues>;
}

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

  /**
   * Takes all descents through a block before the next, so that each block's weights are fed once and one block's are held.
   * @returns per descent, d scalar / d input of the lowest block, [B, T, d]
   */
  async run(descents: readonly Descent[], range: Range): Promise<(Floats | null)[]> {
    const falling = descents.map((descent): Falling => {
      const { B, T } = descent.forwarded;
      const sequences = new WholeSequences(this.#rotary, B, T);
      return { descent, sequences, cotangent: descent.top, lentGradients: new Map() };
    });
    for (let layer = this.#config.layers.length - 1; layer >= range.lowest; layer--) {
      for (const one of falling) one.cotangent = one.descent.onOutput(layer, one.cotangent);
      const wants = range.wants(layer);
      const moving = falling.filter(
        ({ cotangent, descent }) =>
          cotangent !== null || wants.inside.some((site) => descent.inside!.cotangent(layer, site) !== null),
      );
      if (moving.length === 0) continue;
      const block = await this.#block(layer, wants);
      const weights = this.#feeds(blockPrefix(layer), block.fed);
      for (const one of moving) {
        await this.#throughBlock(layer, one, { ...block, wants, weights });
        collectArrays();
      }
    }
    return falling.map(({ cotangent }) => cotangent);
  }

  async close(): Promise<void> {
    for (const block of this.#sessions.values()) await (await block).session.release();
  }

  async #throughBlock(
    layer: number,
    one: Falling,
    { session, names, wants, weights }: OpenBlock,
  ): Promise<void> {
    const { inside } = one.descent;
    const { B, T, inputOf, lent, perLayer } = one.descent.forwarded;
    const own = this.#config.layers[layer]!;
    const dims = [B, T, this.#config.hiddenSize];
    const orZeros = (gradient: Floats | null) =>
      new Tensor("float32", gradient ?? new Float32Array(B * T * this.#config.hiddenSize), dims);
    const feeds: Record<string, Tensor> = {
      ...weights,
      ...one.sequences.of(own),
      ...(own.kvFrom === null ? {} : lent.get(own.kvFrom)!),
      x: new Tensor("float32", inputOf(layer), dims),
      cotangent: orZeros(one.cotangent),
      ...inside?.feeds(layer),
    };
    for (const site of wants.inside) feeds[`cotangent_${site}`] = orZeros(inside!.cotangent(layer, site));
    const vector = perLayer[`per_layer.${layer}`];
    if (vector !== undefined) feeds["per_layer"] = vector;
    if (this.#lenders.has(layer))
      // The layers that use these keys and values are above, so the loop has passed them already.
      for (const side of sides) {
        const { dims, size } = lent.get(layer)![side];
        // No gradient has come through the layers above when the scalar reads the stream below them.
        const gradient = one.lentGradients.get(layer)?.[side] ?? new Float32Array(size);
        feeds[`cotangent_${side}`] = new Tensor("float32", gradient, dims);
      }
    const outputs = await session.run(feeds);
    const of = (name: string) => outputs[name]!.data as Floats;
    if (own.kvFrom !== null) addLent(one.lentGradients, own.kvFrom, { key: of("dkey"), value: of("dvalue") });
    if (wants.weights)
      for (const name of names) one.descent.onWeight(blockPrefix(layer) + name, of(`d ${name}`));
    inside?.take(layer, of);
    one.cotangent = of("dx");
  }

  async #block(layer: number, wants: BackwardWants): Promise<BackwardSession> {
    const kind = { lends: this.#lenders.has(layer), wants };
    const key = `${graphKey(this.#config.layers[layer]!)} ${JSON.stringify(kind)}`;
    let session = this.#sessions.get(key);
    if (session === undefined) this.#sessions.set(key, (session = this.#open(layer, kind)));
    return await session;
  }

  async #open(layer: number, kind: BackwardKind): Promise<BackwardSession> {
    const { graph, names } = backwardBlock(this.#config, this.#config.layers[layer]!, kind);
    const session = await openWeightless(graph, this.#options);
    return { session, names, fed: names.filter((name) => session.inputNames.includes(name)) };
  }
}

function addLent(gradients: Map<number, KeysAndValues>, layer: number, more: KeysAndValues): void {
  const sum = gradients.get(layer);
  if (sum === undefined) gradients.set(layer, more);
  else for (const side of sides) more[side].forEach((value, i) => (sum[side][i]! += value));
}
