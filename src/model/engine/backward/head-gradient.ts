/**
 * The gradient through the head: the final norm, the unembedding and the soft cap. The unembedding is the largest matrix of
 * many models, and its decoded copy would double their memory. So it is read in ranges of the vocabulary: the gradient is the
 * sum of the gradients through each range.
 */
import { gradient } from "../../../graph/gradient.ts";
import { buildHead, finalNormName } from "../../architecture/block-graphs.ts";
import { asInput } from "../../architecture/declare.ts";
import type { ModelConfig } from "../../architecture/settings/config-types.ts";
import { type InferenceSession, Tensor } from "../../ort/ort.ts";
import { openWeightless, type SessionOptions } from "../../ort/session.ts";
import { Rooms } from "../../weights/rooms.ts";
import type { Weights } from "../../weights/weights.ts";

/** Tokens of the vocabulary in one range: 29 MB of the unembedding at d_model 896. */
const rangeTokens = 8192;

export class HeadGradient {
  readonly #config: ModelConfig;
  readonly #weights: Weights;
  readonly #options: SessionOptions;
  /** Tokens per range, at most the vocabulary. */
  readonly #range: number;
  #session: Promise<InferenceSession> | null = null;

  constructor(config: ModelConfig, weights: Weights, options: SessionOptions, range = rangeTokens) {
    this.#config = config;
    this.#weights = weights;
    this.#options = options;
    this.#range = Math.min(range, config.vocabSize);
  }

  /**
   * @param x residual rows after the last block, [N, d]
   * @param cotangents d scalar / d logits, [vocab] per row
   * @returns d scalar / d x, [N, d]
   */
  async run(
    x: Float32Array<ArrayBuffer>,
    cotangents: readonly Float32Array[],
  ): Promise<Float32Array<ArrayBuffer>> {
    const { hiddenSize, vocabSize } = this.#config;
    const range = this.#range;
    const N = x.length / hiddenSize;
    const sum = new Float32Array(x.length);
    this.#session ??= this.#open();
    const session = await this.#session;
    const rooms = new Rooms(this.#weights);
    for (let done = 0; done < vocabSize; done += range) {
      // The last range ends at the end of the vocabulary. The tokens that it shares with the one before it count once.
      const from = Math.min(done, vocabSize - range);
      const own = new Float32Array(N * range);
      for (const [row, cotangent] of cotangents.entries())
        own.set(cotangent.subarray(done, from + range), row * range + done - from);
      if (own.every((value) => value === 0)) continue;
      const outputs = await session.run({
        ...this.#rangeOfWeights(session, from, rooms),
        x: new Tensor("float32", x, [N, hiddenSize]),
        cotangent: new Tensor("float32", own, [N, range]),
      });
      (outputs["dx"]!.data as Float32Array).forEach((value, i) => (sum[i]! += value));
    }
    return sum;
  }

  #rangeOfWeights(session: InferenceSession, from: number, rooms: Rooms): Record<string, Tensor> {
    const names = session.inputNames.filter((name) => name !== "x" && name !== "cotangent");
    return Object.fromEntries(
      names.map((name) => {
        const [first, ...others] = this.#weights.info(name).shape;
        // The norm and the first factor of an adapter have no axis of tokens.
        const hasTokens = name !== finalNormName && !name.endsWith("lora_A.weight");
        const rows = hasTokens ? ([from, from + this.#range] as const) : undefined;
        const dims = [rows === undefined ? first! : this.#range, ...others];
        return [name, new Tensor("float32", rooms.read(name, name, rows), dims)];
      }),
    );
  }

  async #open(): Promise<InferenceSession> {
    const config = { ...this.#config, vocabSize: this.#range };
    const { graph, x, logits } = buildHead(config, asInput);
    const cotangent = graph.input("cotangent", "float32", logits.dims);
    const [dx] = gradient([{ value: logits, cotangent }], [x]);
    graph.output("dx", dx!);
    return await openWeightless(graph, this.#options);
  }

  async close(): Promise<void> {
    await (await this.#session)?.release();
  }
}
