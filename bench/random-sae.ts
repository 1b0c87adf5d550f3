/** Writes a random JumpReLU SAE of any size to the disk, in SAELens's layout, piece by piece. */
import { join } from "node:path";
import { random } from "../src/core/random.ts";
import { writeTextAtomically } from "../src/files/disk/io.ts";
import { writeSafetensors } from "../src/files/tensors/safetensors-writer.ts";
import { normalQuantile } from "../src/stats/distributions/normal.ts";

export interface RandomSae {
  d_in: number;
  d_sae: number;
  dtype: "F32" | "BF16";
  /** Mean number of features that are active on a standard normal input. */
  active: number;
}

/** All weights are cut from this many random numbers, enough that no two rows are the same. */
const drawn = 2 ** 20;

/** Encoder columns and decoder rows have a norm of about 1. */
export function writeRandomSae(folder: string, { d_in, d_sae, dtype, active }: RandomSae): void {
  const draw = random("random SAE");
  const table = Float32Array.from({ length: drawn }, () => draw.normal() / Math.sqrt(d_in));
  function* rows(count: number, width: number) {
    for (let row = 0; row < count; row++) {
      const values = new Float32Array(width);
      for (let at = 0; at < width; ) {
        const from = draw.integer(drawn);
        const piece = table.subarray(from, Math.min(drawn, from + width - at));
        values.set(piece, at);
        at += piece.length;
      }
      yield values;
    }
  }
  const vector = (name: string, values: Float32Array) => ({ name, dtype, shape: [values.length], values });
  writeSafetensors(join(folder, "sae_weights.safetensors"), [
    { name: "W_enc", dtype, shape: [d_in, d_sae], values: () => rows(d_in, d_sae) },
    { name: "W_dec", dtype, shape: [d_sae, d_in], values: () => rows(d_sae, d_in) },
    vector("b_enc", new Float32Array(d_sae)),
    vector("b_dec", new Float32Array(d_in)),
    vector("threshold", new Float32Array(d_sae).fill(normalQuantile(1 - active / d_sae))),
  ]);
  const config = {
    architecture: "jumprelu",
    d_in,
    d_sae,
    dtype: dtype === "F32" ? "float32" : "bfloat16",
    apply_b_dec_to_input: false,
    normalize_activations: "none",
    metadata: { sae_lens_version: "6.0.0", hook_name: "blocks.0.hook_resid_post", model_name: "random" },
  };
  writeTextAtomically(join(folder, "cfg.json"), JSON.stringify(config));
}
