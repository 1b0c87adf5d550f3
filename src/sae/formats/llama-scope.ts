/**
 * Llama Scope (He et al. 2024), `hyperparams.json` and `checkpoints/final.safetensors`, and Llama Scope R1, `config.json` and
 * `sae_weights.safetensors`. They were trained on activations scaled to a mean norm of √d. Folded as the trainers' own loader
 * does, so that features are in units of the input; SAELens leaves the decoder's norm out, and other features are active there.
 */
import { basename, dirname, join } from "node:path";
import { badInput } from "../../core/errors.ts";
import { scaled } from "../matrix.ts";
import { makeSae, nothingStated, type Sae, type SaeParts } from "../sae.ts";
import { foldDecoderNorm } from "../scale.ts";
import { siteOf } from "../site.ts";
import {
  asFields,
  type Fields,
  flag,
  folderOf,
  hasAll,
  plainParts,
  positive,
  readFields,
  requireSame,
  textOrNull,
  wholeNumber,
} from "./fields.ts";
import type { SaeFormat } from "./format.ts";
import { Tensors } from "./tensors.ts";

const [hyperparams, checkpoint] = ["hyperparams.json", join("checkpoints", "final.safetensors")];
const [config, weights] = ["config.json", "sae_weights.safetensors"];

/** The folder that holds hyperparams.json, whether it, `checkpoints` or the weights file was named. */
function homeOf(path: string): string {
  const folder = folderOf(path, basename(checkpoint));
  return basename(folder) === "checkpoints" ? dirname(folder) : folder;
}

export const llamaScope: SaeFormat = {
  name: "llama-scope",
  looks: `a folder with ${hyperparams} and ${checkpoint}`,
  recognizes: (path) => hasAll(homeOf(path), hyperparams, checkpoint),
  open(path) {
    const folder = homeOf(path);
    const where = join(folder, hyperparams);
    const fields = readFields(where);
    const tensors = Tensors.safetensors(join(folder, checkpoint));
    const average = asFields(
      fields["dataset_average_activation_norm"],
      `${where} dataset_average_activation_norm`,
    );
    const norm = (side: "in" | "out") =>
      positive(average[side], `${where} dataset_average_activation_norm.${side}`);
    const t = fields["jump_relu_threshold"];
    if (typeof t !== "number") throw badInput(`${where} jump_relu_threshold`, "a number", String(t));
    const threshold = (d_sae: number) => new Float32Array(d_sae).fill(t);
    return readSae(llamaScope.name, folder, { where, fields, tensors, norm, threshold });
  },
};

export const llamaScopeR1: SaeFormat = {
  name: "llama-scope-r1",
  looks: `a folder with ${config} and ${weights}`,
  recognizes: (path) => hasAll(folderOf(path, weights), config, weights),
  open(path) {
    const folder = folderOf(path, weights);
    const where = join(folder, config);
    const fields = readFields(where);
    const tensors = Tensors.safetensors(join(folder, weights));
    const norm = (side: "in" | "out") => {
      const hook = textOrNull(fields[`hook_point_${side}`], `${where} hook_point_${side}`);
      if (hook === null) throw badInput(`${where} hook_point_${side}`, "a hook's name", "none");
      const name = `dataset_average_activation_norm.${hook}`;
      return positive(tensors.scalar(name), `${tensors.path} "${name}"`);
    };
    const threshold = (d_sae: number) => tensors.vector("log_jumprelu_threshold", d_sae).map(Math.exp);
    return readSae(llamaScopeR1.name, folder, { where, fields, tensors, norm, threshold });
  },
};

interface Source {
  where: string;
  fields: Fields;
  tensors: Tensors;
  /** Mean norm of the activations that were read, and of those that were to be written. */
  norm: (side: "in" | "out") => number;
  threshold: (d_sae: number) => Float32Array<ArrayBuffer>;
}

function readSae(format: string, path: string, { where, fields, tensors, norm, threshold }: Source): Sae {
  const [d_sae, d_in] = tensors.sizes("encoder.weight");
  requireSame(d_in, fields["d_model"], `${where} d_model`);
  requireSame(d_sae, fields["d_sae"], `${where} d_sae`);
  if (fields["expansion_factor"] !== undefined)
    requireSame(
      d_sae,
      d_in * wholeNumber(fields["expansion_factor"], `${where} expansion_factor`),
      `${where} expansion_factor`,
    );
  const [read, written] = [norm("in"), norm("out")];
  const [into, out] = [Math.sqrt(d_in) / read, Math.sqrt(d_in) / written];
  const hook = textOrNull(fields["hook_point_in"], `${where} hook_point_in`);
  const target = textOrNull(fields["hook_point_out"], `${where} hook_point_out`);
  const parts: SaeParts = {
    ...plainParts,
    format,
    path,
    d_in,
    d_sae,
    kind: "jumprelu",
    W_enc: tensors.transposed("encoder.weight", [d_in, d_sae]),
    b_enc: tensors.vector("encoder.bias", d_sae).map((value) => value / into),
    W_dec: scaled(tensors.transposed("decoder.weight", [d_sae, d_in]), into / out),
    b_dec: tensors.vector("decoder.bias", d_in).map((value) => value / out),
    threshold: threshold(d_sae),
    site: hook === null ? null : siteOf(hook, textOrNull(fields["model_name"], `${where} model_name`)),
    stated: { ...nothingStated, meanNorm: read },
    notes: [
      `Trained on inputs times ${into} and outputs times ${out} (the dataset's mean norms ${read} and ${written}); folded into the weights.`,
      ...(target === null || target === hook
        ? []
        : [`A transcoder: what it decodes is ${target}, not the ${hook} that it reads.`]),
    ],
  };
  tensors.requireAllUsed();
  // The library's own default where the key is not written.
  const folds = flag(fields["sparsity_include_decoder_norm"], true, `${where} sparsity_include_decoder_norm`);
  return makeSae(folds ? foldDecoderNorm(parts) : parts);
}
