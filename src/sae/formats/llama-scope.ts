/**
 * Llama Scope (He et al. 2024): `hyperparams.json` and `checkpoints/final.safetensors`, one threshold for all features. The
 * user names its folder, the folder `checkpoints` in it, or the weights file.
 */
import { basename, dirname, join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { readScaled } from "./llama-scope-scaled.ts";
import { asFields, flag, folderOf, positive, shown } from "./reading/fields.ts";
import { folderFormat, type SaeFormat } from "./reading/format.ts";
import { requireKnown } from "./reading/known-keys.ts";
import { Tensors } from "./reading/tensors.ts";

const includesNorm = "sparsity_include_decoder_norm";
const checkpoint = join("checkpoints", "final.safetensors");

function homeOf(path: string): string {
  const folder = folderOf(path, basename(checkpoint));
  return basename(folder) === "checkpoints" ? dirname(folder) : folder;
}

const inHome = folderFormat("llama-scope", "hyperparams.json", checkpoint, (found) => {
  const { folder, where, config, weights } = found;
  const name = "dataset_average_activation_norm";
  const average = asFields(config[name], `${where} ${name}`);
  requireKnown(average, `${where} ${name}`, { read: "in out", inert: {} });
  const threshold = config["jump_relu_threshold"];
  if (typeof threshold !== "number")
    throw badInput(`${where} jump_relu_threshold`, "a number", shown(threshold));
  return readScaled(llamaScope.name, folder, {
    where,
    config,
    tensors: Tensors.safetensors(weights),
    norm: (side) => positive(average[side], `${where} ${name}.${side}`),
    threshold: (d_sae) => new Float32Array(d_sae).fill(threshold),
    thresholdOf: "inputs",
    // true is the library's own default for a file without the key.
    timesDecoderNorm: flag(config[includesNorm], true, `${where} ${includesNorm}`),
    notes: [],
  });
});

export const llamaScope: SaeFormat = {
  ...inHome,
  recognizes: (path) => inHome.recognizes(homeOf(path)),
  open: (path, given) => inHome.open(homeOf(path), given),
};
