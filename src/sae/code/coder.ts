/**
 * Encodes and decodes with an SAE's matrices. If both matrices fit into memory, they are loaded whole. If not, the encoder
 * is read one block of features at a time, and from the decoder only the rows of active features are read.
 */
import { type InferenceSession, Tensor } from "../../model/ort/ort.ts";
import { openWeightless, type SessionOptions } from "../../model/ort/session.ts";
import {
  activateGraph,
  decodeGraph,
  encodeGraph,
  finishGraph,
  partialGraph,
  productGraph,
  vectorInputs,
} from "./graphs.ts";
import { blocks } from "./matrix.ts";
import type { Sae } from "./sae.ts";

type Floats = Float32Array<ArrayBuffer>;

/** The features of some rows, and the shift and scale that undo their normalization. */
export interface Encoded {
  /** [n, d_sae], in the SAE's own units: those of the input unless it normalizes. */
  features: Floats;
  /** `shift` and `scale`: [n, 1] each; null if the SAE's normalization does not use it. */
  shift: Floats | null;
  scale: Floats | null;
}

export interface Coder {
  /** How many numbers of [n, d_sae] to process at a time for good speed. */
  readonly featureValues: number;
  /** @param x [n, d_in], n > 0 */
  encode(x: Floats, n: number): Promise<Encoded>;
  /** @returns reconstruction [n, d_in] */
  decode(encoded: Encoded, n: number): Promise<Floats>;
  close(): Promise<void>;
}

/** Most numbers, over both matrices, that are held in memory: 512 MB. */
const mostInMemory = 2 ** 27;

/**
 * 16 MB: enough rows for a fast product. The allocator keeps arrays of this size from one stretch to the next; arrays above
 * 32 MB it maps again each time, page by page. For an SAE of 16,384 features this is 256 rows, a third faster than 2,048.
 */
const wholeFeatureValues = 2 ** 22;
/** 128 MB: hundreds of rows at a time, because each stretch reads all of the weights. */
const blockwiseFeatureValues = 2 ** 25;

/** @param most how many weights may be in memory; a larger SAE is read block by block, a quarter of this at a time */
export async function openCoder(sae: Sae, options: SessionOptions, most = mostInMemory): Promise<Coder> {
  return 2 * sae.d_in * sae.d_sae <= most
    ? await openWhole(sae, options)
    : await openBlockwise(sae, options, most / 4);
}

async function openWhole(sae: Sae, options: SessionOptions): Promise<Coder> {
  const { d_in, d_sae } = sae;
  const encoder = await openWeightless(encodeGraph(sae), options);
  const decoder = await openWeightless(decodeGraph(sae), options);
  const weights = { ...vectors(sae), W_enc: tensor(sae.W_enc.read(), [d_in, d_sae]) };
  // Many only encode.
  let W_dec: Tensor | null = null;
  return {
    featureValues: wholeFeatureValues,
    async encode(x, n) {
      const outputs = await run(encoder, { ...weights, x: tensor(x, [n, d_in]) });
      return encoded(outputs["features"]!, outputs);
    },
    async decode(given, n) {
      const { shift, scale } = undoing(given, n);
      const features = tensor(given.features, [n, d_sae]);
      W_dec ??= tensor(sae.W_dec.read(), [d_sae, d_in]);
      return (await run(decoder, { ...weights, W_dec, ...shift, ...scale, features }))["reconstruction"]!;
    },
    async close() {
      await encoder.release();
      await decoder.release();
    },
  };
}

async function openBlockwise(sae: Sae, options: SessionOptions, blockValues: number): Promise<Coder> {
  const { d_in, d_sae, W_enc, W_dec } = sae;
  const graphs = [productGraph, activateGraph, partialGraph, finishGraph] as const;
  const sessions: InferenceSession[] = [];
  for (const graph of graphs) sessions.push(await openWeightless(graph(sae), options));
  const [product, activation, partial, finishing] = sessions as [
    InferenceSession,
    InferenceSession,
    InferenceSession,
    InferenceSession,
  ];
  const weights = vectors(sae);
  const decoderNorm = weights["decoderNorm"]?.data as Floats | undefined;
  return {
    featureValues: blockwiseFeatureValues,
    async encode(x, n) {
      const products = new Float32Array(n * d_sae);
      let last: Record<string, Floats> = {};
      for (const { from, size, values } of blocks(W_enc, 1, blockValues)) {
        last = await run(product, {
          ...weights,
          x: tensor(x, [n, d_in]),
          W_enc: tensor(values, [size, d_in]),
        });
        const part = last["product"]!;
        for (let row = 0; row < n; row++)
          products.set(part.subarray(row * size, (row + 1) * size), row * d_sae + from);
      }
      const { features } = await run(activation, { ...weights, product: tensor(products, [n, d_sae]) });
      return encoded(features!, last);
    },
    async decode(given, n) {
      let sum = new Float32Array(n * d_in);
      for (const chosen of chunks(activeFeatures(given.features, d_sae), blockValues / d_in)) {
        const z = new Float32Array(n * chosen.length);
        for (let row = 0; row < n; row++)
          for (const [i, feature] of chosen.entries())
            z[row * chosen.length + i] = given.features[row * d_sae + feature]!;
        const outputs = await run(partial, {
          sum: tensor(sum, [n, d_in]),
          features: tensor(z, [n, chosen.length]),
          W_dec: tensor(W_dec.take(0, chosen), [chosen.length, d_in]),
          ...(decoderNorm === undefined
            ? {}
            : {
                decoderNorm: tensor(
                  Float32Array.from(chosen, (feature) => decoderNorm[feature]!),
                  [chosen.length],
                ),
              }),
        });
        sum = outputs["total"]!;
      }
      const { shift, scale } = undoing(given, n);
      const last = await run(finishing, { ...weights, ...shift, ...scale, sum: tensor(sum, [n, d_in]) });
      return last["reconstruction"]!;
    },
    async close() {
      for (const session of sessions) await session.release();
    },
  };
}

/** Indices of the features that are active in any row, in order. @param features [n, d_sae] */
function activeFeatures(features: Floats, d_sae: number): number[] {
  const active = new Uint8Array(d_sae);
  for (let at = 0; at < features.length; at++) if (features[at] !== 0) active[at % d_sae] = 1;
  return [...active.keys()].filter((feature) => active[feature] === 1);
}

function* chunks(features: readonly number[], size: number): Generator<number[]> {
  const whole = Math.max(1, Math.floor(size));
  for (let at = 0; at < features.length; at += whole) yield features.slice(at, at + whole);
}

function vectors(sae: Sae): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(vectorInputs(sae)).map(([name, values]) => [name, tensor(values, [values.length])]),
  );
}

function tensor(values: Floats, dims: readonly number[]): Tensor {
  return new Tensor("float32", values, dims);
}

/** Runs the session. `given` may hold more tensors than the session takes; it gets those it takes. */
async function run(
  session: InferenceSession,
  given: Record<string, Tensor>,
): Promise<Record<string, Floats>> {
  const feeds = Object.fromEntries(session.inputNames.map((name) => [name, given[name]!]));
  const outputs = await session.run(feeds);
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, value.data as Floats]));
}

function encoded(features: Floats, outputs: Record<string, Floats>): Encoded {
  return { features, shift: outputs["shift"] ?? null, scale: outputs["scale"] ?? null };
}

function undoing({ shift, scale }: Encoded, n: number): Record<"shift" | "scale", Record<string, Tensor>> {
  return {
    shift: shift === null ? {} : { shift: tensor(shift, [n, 1]) },
    scale: scale === null ? {} : { scale: tensor(scale, [n, 1]) },
  };
}
