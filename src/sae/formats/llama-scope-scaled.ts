/**
 * The common part of Llama Scope and Llama Scope R1: both were trained on activations scaled to a mean norm of √d.
 * The scale is folded into the weights as the trainers' own loader does it, so that features are in units of the
 * input. SAELens leaves the decoder's norm out. So if the configuration asks for that norm and rows do not have norm
 * 1, other features are active in SAELens.
 */
import { scaled } from "../code/matrix.ts";
import { makeSae, nothingStated, type Sae, type SaeParts } from "../code/sae.ts";
import { foldDecoderNorm } from "../code/scale.ts";
import { siteOf } from "../code/site.ts";
import { requireSizes } from "./reading/agreed.ts";
import { type Fields, plainParts, textOrNull } from "./reading/fields.ts";
import { because, requireKnown, type Settings } from "./reading/known-keys.ts";
import type { Tensors } from "./reading/tensors.ts";

/** The settings that the trainers' library (lm_saes, now Llamascopium) writes for an SAE, in any of its versions. */
const settings: Settings = {
  read:
    "hook_point_in hook_point_out d_model d_sae expansion_factor model_name " +
    "dataset_average_activation_norm jump_relu_threshold sparsity_include_decoder_norm",
  only: {
    sae_type: { is: "sae", else: "another architecture" },
    act_fn: { is: "jumprelu", else: "another activation" },
    norm_activation: { is: "dataset-wise", else: "another scaling of the input" },
    use_glu_encoder: { is: false, else: "a second encoder, whose sigmoid each feature is multiplied by" },
    use_decoder_bias: { is: true, else: "a decoder without a bias" },
    apply_decoder_bias_to_pre_encoder: { is: false, else: "b_dec is subtracted from the scaled input" },
  },
  inert: {
    "settings of the TopK that it was trained as; now its threshold decides": "top_k k_warmup_steps",
    "the width of a gradient's kernel": "jumprelu_threshold_window jumprelu_threshold_grad_scale",
    "how rows were constrained in training; the file's rows are used unchanged":
      "decoder_exactly_fixed_norm decoder_exactly_unit_norm force_unit_decoder_norm",
    [because.begun]:
      "bias_init_method init_decoder_norm init_encoder_norm init_encoder_with_decoder_transpose init_search " +
      "sae_pretrained_name_or_path strict_loading",
    [because.trained]:
      "lp l1_coefficient l1_coefficient_warmup_steps use_batch_norm_mse use_ghost_grads seed",
    [because.machine]:
      "device dtype tp_size ddp_size use_triton_kernel promote_act_fn_dtype sparsity_threshold_for_triton_spmm_kernel sparsity_threshold_for_csr",
  },
};

interface Scaled {
  where: string;
  config: Fields;
  tensors: Tensors;
  /** Mean norm over the training data of the activations that the SAE reads (`in`) or rebuilds (`out`). */
  norm: (side: "in" | "out") => number;
  /**
   * [d_sae]. `thresholdOf` says what it is compared with: pre-activations of inputs as the model makes them (Llama
   * Scope, whose thresholds were set after folding), or of scaled inputs (R1, whose thresholds were trained).
   */
  threshold: (d_sae: number) => Float32Array<ArrayBuffer>;
  thresholdOf: "inputs" | "scaled inputs";
  /** Whether a feature is its pre-activation times the norm of its decoder row (`sparsity_include_decoder_norm`). */
  timesDecoderNorm: boolean;
  notes: readonly string[];
}

export function readScaled(format: string, path: string, source: Scaled): Sae {
  const { where, config, tensors, norm, timesDecoderNorm } = source;
  requireKnown(config, where, settings);
  const weights = tensors.weights("encoder.weight", "decoder.weight", { encoder: true, decoder: true });
  const { d_in, d_sae } = weights;
  requireSizes(weights, config, where, { d_in: "d_model", d_sae: "d_sae", factor: "expansion_factor" });
  const [read, written] = [norm("in"), norm("out")];
  const [into, out] = [Math.sqrt(d_in) / read, Math.sqrt(d_in) / written];
  // (s_in·x·W + b) > t is the same as (x·W + b/s_in) > t/s_in. Multiplied by the norm of a row of W_dec·s_in/s_out,
  // the right side is t/s_out.
  const unit = source.thresholdOf === "inputs" ? 1 : timesDecoderNorm ? out : into;
  const hook = textOrNull(config["hook_point_in"], `${where} hook_point_in`);
  const target = textOrNull(config["hook_point_out"], `${where} hook_point_out`);
  const parts: SaeParts = {
    ...plainParts,
    ...weights,
    format,
    path,
    kind: "jumprelu",
    b_enc: tensors.vector("encoder.bias", d_sae).map((value) => value / into),
    W_dec: scaled(weights.W_dec, into / out),
    b_dec: tensors.vector("decoder.bias", d_in).map((value) => value / out),
    threshold: source.threshold(d_sae).map((value) => value / unit),
    site: hook === null ? null : siteOf(hook, textOrNull(config["model_name"], `${where} model_name`)),
    decodes: target === hook ? null : target,
    stated: { ...nothingStated, meanNorm: read },
    notes: [
      `Trained on inputs times ${into} and outputs times ${out} (the dataset's mean norms ${read} and ${written}); folded into the weights.`,
      ...source.notes,
    ],
  };
  tensors.requireAllUsed();
  return makeSae(timesDecoderNorm ? foldDecoderNorm(parts) : parts);
}
