/** Writes an SAE in SAELens's layout, so that SAELens, Neuronpedia and Fathom can read the same file. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "../../core/hash.ts";
import { makeFolder, writeProblem, writeTextAtomically } from "../../files/disk/io.ts";
import { type TensorToWrite, writeSafetensors } from "../../files/tensors/safetensors-writer.ts";
import { blocks } from "../code/matrix.ts";
import { type Sae, vectorsOf } from "../code/sae.ts";
import { writeStated } from "../code/stated.ts";

/** The version of SAELens whose file layout is written. Without a version, SAELens reads the layout of before 6.0. */
const layoutVersion = "6.0.0";

/** How an SAE's numbers are stored: the name in its config, and that in its weights' file. */
const storedAs = { float32: "F32", bfloat16: "BF16" } as const;
type SavedDtype = keyof typeof storedAs;

/**
 * @param folder created if missing; an SAE that it already holds is replaced
 * @param training how the SAE was trained, stored under metadata.fathom.training
 * @param dtype of the stored numbers; bfloat16 rounds them
 * @throws FathomError if the folder cannot be written or the disk is full
 */
export function saveSae(
  folder: string,
  sae: Sae,
  training: Json = null,
  dtype: SavedDtype = "float32",
): void {
  const stored = storedAs[dtype];
  const configPath = join(folder, "cfg.json");
  try {
    makeFolder(folder);
    // The old config goes first. If the process is killed between the two writes, weights without a config do not look like
    // a finished SAE.
    rmSync(configPath, { force: true });
  } catch (error) {
    throw writeProblem(folder, error);
  }
  writeSafetensors(join(folder, "sae_weights.safetensors"), [
    ...(["W_enc", "W_dec"] as const).map((name): TensorToWrite => {
      const matrix = sae[name];
      return {
        name,
        dtype: stored,
        shape: [...matrix.shape],
        *values() {
          for (const { values } of blocks(matrix, 0)) yield values;
        },
      };
    }),
    ...Object.entries(vectorsOf(sae)).map(
      ([name, { values }]): TensorToWrite => ({ name, dtype: stored, shape: [values.length], values }),
    ),
  ]);
  writeTextAtomically(configPath, `${JSON.stringify(configOf(sae, training, dtype), null, 1)}\n`);
}

function configOf(sae: Sae, training: Json, dtype: SavedDtype): Json {
  return {
    architecture: sae.kind,
    d_in: sae.d_in,
    d_sae: sae.d_sae,
    dtype,
    device: "cpu",
    apply_b_dec_to_input: sae.applyBDecToInput,
    normalize_activations: sae.normalize,
    reshape_activations: "none",
    ...(sae.kind === "topk" ? { k: sae.k, rescale_acts_by_decoder_norm: sae.rescaleByDecoderNorm } : {}),
    metadata: {
      sae_lens_version: layoutVersion,
      sae_lens_training_version: null,
      ...(sae.site === null ? {} : { hook_name: sae.site.hookName, model_name: sae.site.modelName }),
      ...(sae.neuronpedia == null ? {} : { neuronpedia_id: sae.neuronpedia }),
      fathom: {
        ...writeStated(sae.stated),
        notes: sae.notes,
        ...(sae.trainedOnPrompts == null ? {} : { trained_on_prompts: sae.trainedOnPrompts }),
        training,
      },
    },
  };
}
