/**
 * Llama Scope R1: `config.json` and `sae_weights.safetensors`, which holds the dataset's mean norms and each feature's threshold.
 * The threshold was trained with the weights, so it is compared with pre-activations of scaled inputs.
 */
import { badInput } from "../../core/errors.ts";
import { flag, positive, textOrNull } from "./fields.ts";
import { folderFormat, type SaeFormat } from "./format.ts";
import { readScaled } from "./llama-scope-scaled.ts";
import { Tensors } from "./tensors.ts";

export const llamaScopeR1: SaeFormat = folderFormat(
  "llama-scope-r1",
  "config.json",
  "sae_weights.safetensors",
  ({ folder, where, config, weights }) => {
    const tensors = Tensors.safetensors(weights);
    const key = "sparsity_include_decoder_norm";
    // The trainers' files always say it. SAELens reads none with it; where the file is silent, that reading is the one used.
    const said = config[key] ?? null;
    return readScaled(llamaScopeR1.name, folder, {
      where,
      config,
      tensors,
      norm(side) {
        const hook = textOrNull(config[`hook_point_${side}`], `${where} hook_point_${side}`);
        if (hook === null) throw badInput(`${where} hook_point_${side}`, "a hook's name", "none");
        const name = `dataset_average_activation_norm.${hook}`;
        return positive(tensors.scalar(name), `${tensors.path} "${name}"`);
      },
      threshold: (d_sae) => tensors.vector("log_jumprelu_threshold", d_sae).map(Math.exp),
      thresholdOf: "scaled inputs",
      timesDecoderNorm: flag(said, false, `${where} ${key}`),
      notes:
        said === null ? [`config.json does not say ${key}; read without, as SAELens reads every file.`] : [],
    });
  },
);
