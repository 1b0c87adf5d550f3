/**
 * The complete state of a training run between two steps: the weights, Adam's moments, how long each feature has been
 * silent, the running threshold, and the curve so far. A run that is resumed from a kept state ends with the same
 * bytes as a run without a break. The random state is the seed and the number of steps done (see descent.ts).
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { badInput } from "../../../core/errors.ts";
import { canonicalJson } from "../../../core/hash.ts";
import { parseJson } from "../../../files/disk/json.ts";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { type TensorToWrite, writeSafetensors } from "../../../files/tensors/safetensors-writer.ts";
import type { AdamState } from "./adam.ts";
import { lengthOf, type TrainedName, trainedNames, type Weights, type Widths } from "./weights.ts";

const pointSchema = z.strictObject({
  /** Number of steps done. */
  step: z.int().positive(),
  /** Fraction of variance unexplained on this step's batch. */
  unexplained: z.number(),
  /** Mean number of active features per token on this step's batch. */
  meanL0: z.number(),
  /** Number of features that have not fired for `deadAfterTokens`. */
  dead: z.int().nonnegative(),
  /** Values of the other terms of the loss with a weight above 0 at this step, before the weight is applied. */
  terms: z.record(z.string(), z.number()).optional(),
});
export type CurvePoint = z.infer<typeof pointSchema>;

/** Most points of a curve: more than a picture shows, and small compared with the weights. */
export const mostPoints = 1000;

export interface TrainingState {
  weights: Weights;
  /** `adam.steps` is the number of steps that the run has done. */
  adam: AdamState;
  /** Steps since each feature last fired [d_sae]. */
  silence: Int32Array;
  /** Running mean of the smallest active feature, in the units of the scaled rows; 0 if the objective does not use it. */
  threshold: number;
  curve: CurvePoint[];
}

export interface Keeping {
  /** The state to continue from; null to start anew. */
  from: TrainingState | null;
  /** Steps between two calls of `keep`. It is also called after the last step and when `signal` is aborted. */
  every: number;
  /** Must write the state before it returns, because the state changes afterwards. */
  keep: (state: TrainingState) => void;
  signal: AbortSignal;
}

export function freshState(weights: Weights, d_sae: number): TrainingState {
  const adam = { steps: 0, moments: new Map() };
  return { weights, adam, silence: new Int32Array(d_sae), threshold: 0, curve: [] };
}

/** Writes the state's file completely or not at all. @throws FathomError if the disk is full */
export function writeState(path: string, { weights, adam, silence, threshold, curve }: TrainingState): void {
  const tensors = trainedNames(weights).flatMap((name): TensorToWrite[] => {
    const values = weights[name]!;
    const shape = [values.length];
    const { first, second } = adam.moments.get(name)!;
    return [
      { name, dtype: "F32", shape, values },
      { name: `${name}.first`, dtype: "F32", shape, values: first },
      { name: `${name}.second`, dtype: "F32", shape, values: second },
    ];
  });
  tensors.push({ name: "silence", dtype: "I32", shape: [silence.length], values: silence });
  const metadata = {
    steps: String(adam.steps),
    threshold: String(threshold),
    curve: JSON.stringify(curve),
  };
  const arrays = tensors.map(({ name, values }) => [name, values as Float32Array | Int32Array] as const);
  writeSafetensors(path, tensors, { ...metadata, sha256: checksumOf(arrays, metadata) });
}

/** SHA-256 over everything in a state's file; the order of the arrays makes no difference. */
function checksumOf(
  arrays: readonly (readonly [name: string, values: Float32Array | Int32Array])[],
  { steps, threshold, curve }: Readonly<Record<string, string | undefined>>,
): string {
  const hash = createHash("sha256").update(canonicalJson([steps ?? "", threshold ?? "", curve ?? ""]));
  for (const [name, { buffer, byteOffset, byteLength }] of arrays.toSorted(([a], [b]) => (a < b ? -1 : 1)))
    hash.update(name).update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex");
}

/**
 * @param names the tensors that the objective trains
 * @throws FathomError if the file is not a state of a run of this size and length
 */
export function readState(
  path: string,
  names: readonly TrainedName[],
  size: Widths & { steps: number },
): TrainingState {
  const file = openSafetensors(path);
  try {
    const sized = <T extends { length: number }>(name: string, values: T, length: number): T => {
      if (values.length === length) return values;
      throw badInput(`${path} "${name}"`, `${length} numbers`, String(values.length));
    };
    const numbers = (name: string, length: number) => sized(name, file.readFloat32(name), length);
    const moments: AdamState["moments"] = new Map();
    const weights = Object.fromEntries(
      names.map((name) => {
        const length = lengthOf(name, size);
        const first = numbers(`${name}.first`, length);
        moments.set(name, { first, second: numbers(`${name}.second`, length) });
        return [name, numbers(name, length)];
      }),
    ) as Weights;
    const { dtype } = file.entry("silence");
    if (dtype !== "I32") throw badInput(`${path} "silence"`, "I32", dtype);
    const silence = sized("silence", new Int32Array(file.readBytes("silence").buffer), size.d_sae);
    const { sha256 } = file.metadata;
    const arrays = [
      ...names.map((name) => [name, weights[name]!] as const),
      ...[...moments].flatMap(([name, { first, second }]) => [
        [`${name}.first`, first] as const,
        [`${name}.second`, second] as const,
      ]),
      ["silence", silence] as const,
    ];
    // Files of earlier versions have no checksum.
    if (sha256 !== undefined && checksumOf(arrays, file.metadata) !== sha256)
      throw badInput(
        path,
        "the state that its checksum is of",
        "another",
        "restore the file, or remove it: --resume then trains again from the first step",
      );
    const { steps, threshold, curve } = metadataOf(file.metadata, path, size.steps);
    return { weights, adam: { steps, moments }, silence, threshold, curve };
  } finally {
    file.close();
  }
}

function metadataOf(metadata: Readonly<Record<string, string>>, path: string, most: number) {
  const steps = Number(metadata["steps"]);
  if (!Number.isSafeInteger(steps) || steps < 1 || steps > most)
    throw badInput(path, `a number of steps from 1 to ${most}`, metadata["steps"] ?? "none");
  const threshold = Number(metadata["threshold"]);
  if (!(threshold >= 0)) throw badInput(path, "a threshold from 0", metadata["threshold"] ?? "none");
  const curve = z.array(pointSchema).safeParse(parseJson(metadata["curve"] ?? "null", path));
  if (!curve.success) throw badInput(path, "the loss curve of the steps done", "something else");
  return { steps, threshold, curve: curve.data };
}
