/**
 * The activations of an answer: a safetensors file beside the journal with one tensor per layer. The answer's record has the
 * SHA-256 of each tensor. A lost or damaged file can be made again, because the answer can be generated again.
 */
import { join } from "node:path";
import { FathomError, failure } from "../../../core/errors.ts";
import { answerIds, type Observation } from "../../../core/records/observation.ts";
import { hashValues } from "../../../files/disk/hash-file.ts";
import { openSafetensors } from "../../../files/tensors/safetensors.ts";
import { type TensorToWrite, writeSafetensors } from "../../../files/tensors/safetensors-writer.ts";

type Sidecar = Observation["activations"];

/** The folder of the activations, in the run's directory. */
export const activationsFolder = "activations";

const fileOf = (key: string): string => join(activationsFolder, `${key}.safetensors`);

/** Whether a name is that of an activations file: an observation's key, which is a hash, and the ending. */
export const isSidecar = (name: string): boolean => /^[0-9a-f]{64}\.safetensors$/.test(name);

const tensorOf = (layer: number): string => `resid_post.${layer}`;

/** The entry of an answer's record about its activations. @param activations per layer, [tokens, d_model] */
export function sidecarOf(
  key: string,
  layers: readonly number[],
  activations: readonly Float32Array<ArrayBuffer>[],
): Sidecar {
  return layers.map((layer, at) => ({
    file: fileOf(key),
    tensor: tensorOf(layer),
    layer,
    sha256: hashValues(activations[at]!),
  }));
}

/**
 * Writes the file. It is synced to the disk together with the record.
 * @param shape shape of each layer's activations: tokens, d_model
 * @returns its path @throws FathomError when the disk is full
 */
export function writeSidecar(
  run: string,
  key: string,
  layers: readonly number[],
  activations: readonly Float32Array<ArrayBuffer>[],
  shape: readonly [number, number],
): string {
  const path = join(run, fileOf(key));
  const tensors = layers.map(
    (layer, at): TensorToWrite => ({ name: tensorOf(layer), dtype: "F32", shape, values: activations[at]! }),
  );
  writeSafetensors(path, tensors, {}, "later");
  return path;
}

/**
 * resid_post of the tokens of an observation's answer at a layer, [tokens, d_model].
 * @throws FathomError if the file is missing, or is not the one that was written
 */
export function activationsOf(
  run: string,
  { activations, key, ...generated }: Observation,
  layer: number,
): Float32Array<ArrayBuffer> {
  const kept = activations.find((one) => one.layer === layer);
  if (kept === undefined) {
    throw failure(
      `observation ${key}`,
      `activations of layer ${layer} in a sidecar`,
      "none",
      "run the audit again into a new folder",
    );
  }
  const file = openSafetensors(join(run, kept.file));
  try {
    const [tokens] = file.entry(kept.tensor).shape;
    const { length } = answerIds(generated);
    if (tokens !== length) throw failure(file.path, `${length} tokens`, String(tokens), again);
    const values = file.readFloat32(kept.tensor);
    if (kept.sha256 !== undefined && hashValues(values) !== kept.sha256)
      throw failure(`${file.path} "${kept.tensor}"`, "the values that its record is of", "others", again);
    return values;
  } finally {
    file.close();
  }
}

const again = "fathom audit … --resume, which observes that answer again";

/** Whether all activations of the record exist, as they were written. */
export function isWhole(run: string, observation: Observation): boolean {
  try {
    for (const { layer } of observation.activations) activationsOf(run, observation, layer);
    return true;
  } catch (error) {
    if (error instanceof FathomError) return false;
    throw error;
  }
}
