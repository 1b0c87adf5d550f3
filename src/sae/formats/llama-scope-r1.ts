/**
 * Llama Scope R1: `config.json` and `sae_weights.safetensors`. The weights file holds the dataset's mean norms and a
 * threshold per feature. The threshold was trained with the weights, so it is compared with pre-activations of scaled
 * inputs, as in SAELens and in the trainers' encoder. (When the trainers fold the scale of an SAE into its weights,
 * they do not change the threshold. For their cross-layer transcoders they divide the threshold, too.)
 */
import { badInput } from "../../core/errors.ts";
import { readScaled } from "./llama-scope-scaled.ts";
import { agreed } from "./reading/agreed.ts";
import { asFields, type Fields, flag, positive, textOrNull } from "./reading/fields.ts";
import { folderFormat, type SaeFormat } from "./reading/format.ts";
import { requireKnown } from "./reading/known-keys.ts";
import { Tensors } from "./reading/tensors.ts";

export const llamaScopeR1: SaeFormat = folderFormat(
  "llama-scope-r1",
  "config.json",
  "sae_weights.safetensors",
  ({ folder, where, config, weights }) => {
    const tensors = Tensors.safetensors(weights);
    const key = "sparsity_include_decoder_norm";
    // The trainers' files always state this key. SAELens ignores it; a file without the key is read as SAELens reads it.
    const said = config[key] ?? null;
    return readScaled(llamaScopeR1.name, folder, {
      where,
      config,
      tensors,
      norm: (side) => normOf(side, tensors, config, where),
      threshold: (d_sae) => thresholdOf(tensors, d_sae, config, where),
      thresholdOf: "scaled inputs",
      timesDecoderNorm: flag(said, false, `${where} ${key}`),
      notes:
        said === null ? [`config.json does not say ${key}; read without, as SAELens reads every file.`] : [],
    });
  },
);

/** The mean norm comes from the weights file. If the configuration states it too, both must agree. */
function normOf(side: "in" | "out", tensors: Tensors, config: Fields, where: string): number {
  // If the file does not say which hook it writes, it writes the one that it reads.
  const hook =
    textOrNull(config[`hook_point_${side}`], `${where} hook_point_${side}`) ??
    textOrNull(config["hook_point_in"], `${where} hook_point_in`);
  if (hook === null) throw badInput(`${where} hook_point_in`, "a hook's name", "none");
  const name = "dataset_average_activation_norm";
  const beside = asFields(config[name] ?? {}, `${where} ${name}`);
  requireKnown(beside, `${where} ${name}`, {
    read: `in out ${String(config["hook_point_in"])} ${String(config["hook_point_out"])}`,
    inert: {},
  });
  return agreed(
    positive,
    [`${tensors.path} "${name}.${hook}"`, tensors.scalar(`${name}.${hook}`)],
    [`${where} ${name}.${hook}`, beside[hook]],
    [`${where} ${name}.${side}`, beside[side]],
  )!;
}

/** The thresholds come from the weights file. In the configuration, 0 means that the SAE has thresholds of its own. */
function thresholdOf(tensors: Tensors, d_sae: number, config: Fields, where: string) {
  const threshold = tensors.vector("log_jumprelu_threshold", d_sae).map(Math.exp);
  const one = config["jump_relu_threshold"] ?? 0;
  if (one !== 0)
    for (const value of threshold)
      agreed(
        positive,
        [`${tensors.path} "log_jumprelu_threshold"`, value],
        [`${where} jump_relu_threshold`, one],
      );
  return threshold;
}
