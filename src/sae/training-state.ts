/**
 * All that a training run is between two steps. Kept in a file and read back, the run ends in the same bytes as one that
 * was never cut: the weights, Adam's moments, how long each feature has been silent, and the curve so far. The random
 * state is the seed and the number of steps done (see descent.ts).
 */
import { z } from "zod";
import type { AdamState } from "../core/adam.ts";
import { badInput } from "../core/errors.ts";
import { parseJson } from "../files/json.ts";
import { openSafetensors } from "../files/safetensors.ts";
import { type TensorToWrite, writeSafetensors } from "../files/safetensors-writer.ts";
import { trained } from "./loss.ts";
import type { Weights } from "./loss-session.ts";

const pointSchema = z.strictObject({
  /** Steps done. */
  step: z.int().positive(),
  /** Fraction of variance unexplained, of this step's batch. */
  unexplained: z.number(),
  /** Mean active features a token, of this step's batch. */
  meanL0: z.number(),
  /** Features that have not fired for `deadAfterTokens`. */
  dead: z.int().nonnegative(),
});
export type CurvePoint = z.infer<typeof pointSchema>;

/** Of a curve: more than a picture shows, and little beside the weights. */
export const mostPoints = 1000;

export interface TrainingState {
  weights: Weights;
  /** Its steps are the run's. */
  adam: AdamState;
  /** Steps since each feature last fired [d_sae]. */
  silence: Int32Array;
  curve: CurvePoint[];
}

export interface Keeping {
  /** What to go on from; null to begin. */
  from: TrainingState | null;
  /** Steps between two calls of `keep`; it is called after the last step too, and when `signal` is aborted. */
  every: number;
  /** The state changes as soon as this returns. */
  keep: (state: TrainingState) => void;
  signal: AbortSignal;
}

export function freshState(weights: Weights, d_sae: number): TrainingState {
  const adam = { steps: 0, moments: new Map() };
  return { weights, adam, silence: new Int32Array(d_sae), curve: [] };
}

/** Whole or not at all. @throws FathomError when the disk is full */
export function writeState(path: string, { weights, adam, silence, curve }: TrainingState): void {
  const tensors = trained.flatMap((name): TensorToWrite[] => {
    const shape = [weights[name].length];
    const { first, second } = adam.moments.get(name)!;
    return [
      { name, dtype: "F32", shape, values: weights[name] },
      { name: `${name}.first`, dtype: "F32", shape, values: first },
      { name: `${name}.second`, dtype: "F32", shape, values: second },
    ];
  });
  tensors.push({ name: "silence", dtype: "I32", shape: [silence.length], values: silence });
  writeSafetensors(path, tensors, { steps: String(adam.steps), curve: JSON.stringify(curve) });
}

/** @throws FathomError for a file that is no state of a run of this size and length */
export function readState(path: string, size: { d_in: number; d_sae: number; steps: number }): TrainingState {
  const { d_in, d_sae } = size;
  const lengths = { W_enc: d_in * d_sae, b_enc: d_sae, W_dec: d_sae * d_in, b_dec: d_in };
  const file = openSafetensors(path);
  try {
    const sized = <T extends { length: number }>(name: string, values: T, length: number): T => {
      if (values.length === length) return values;
      throw badInput(`${path} "${name}"`, `${length} numbers`, String(values.length));
    };
    const numbers = (name: string, length: number) => sized(name, file.readFloat32(name), length);
    const moments: AdamState["moments"] = new Map();
    const weights = Object.fromEntries(
      trained.map((name) => {
        const length = lengths[name];
        const first = numbers(`${name}.first`, length);
        moments.set(name, { first, second: numbers(`${name}.second`, length) });
        return [name, numbers(name, length)];
      }),
    ) as Weights;
    const { dtype } = file.entry("silence");
    if (dtype !== "I32") throw badInput(`${path} "silence"`, "I32", dtype);
    const silence = sized("silence", new Int32Array(file.readBytes("silence").buffer), d_sae);
    const { steps, curve } = metadataOf(file.metadata, path, size.steps);
    return { weights, adam: { steps, moments }, silence, curve };
  } finally {
    file.close();
  }
}

function metadataOf(metadata: Readonly<Record<string, string>>, path: string, most: number) {
  const steps = Number(metadata["steps"]);
  if (!Number.isSafeInteger(steps) || steps < 1 || steps > most)
    throw badInput(path, `a number of steps from 1 to ${most}`, metadata["steps"] ?? "none");
  const curve = z.array(pointSchema).safeParse(parseJson(metadata["curve"] ?? "null", path));
  if (!curve.success) throw badInput(path, "the loss curve of the steps done", "something else");
  return { steps, curve: curve.data };
}
