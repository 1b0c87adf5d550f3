/**
 * `cfg.json` of SAELens since 6.0. Settings that change what is computed are read or refused by name; those that only describe
 * a training run are passed over.
 */
import { badInput } from "../../core/errors.ts";
import { readFingerprints } from "../domain/fingerprint.ts";
import { readNeuronpedia } from "../neuronpedia.ts";
import { readStated } from "../stated.ts";
import { type Fields, flag, shown } from "./fields.ts";
import {
  readCommon,
  readK,
  readKind,
  readNormalization,
  readSite,
  type SaelensConfig,
} from "./saelens-fields.ts";

const readHere =
  "architecture d_in d_sae k apply_b_dec_to_input normalize_activations reshape_activations rescale_acts_by_decoder_norm metadata";
/** Settings that say how an SAE was trained, not what it computes. */
const passedOver =
  "device dtype sae_lens_version sae_lens_training_version finetuning_scaling_factor decoder_init_norm l1_coefficient lp_norm " +
  "l1_warm_up_steps l0_coefficient l0_warm_up_steps use_sparse_activations aux_loss_coefficient jumprelu_init_threshold " +
  "jumprelu_bandwidth jumprelu_sparsity_loss_mode jumprelu_tanh_scale jumprelu_ste_to_input pre_act_loss_coefficient target_l0";
const known = new Set(`${readHere} ${passedOver}`.split(" "));

/** @throws FathomError naming the setting that is missing, broken or not supported */
export function parseNew(fields: Fields, metadata: Fields, path: string): SaelensConfig {
  const kind = readKind(fields["architecture"], path);
  for (const name of Object.keys(fields))
    if (!known.has(name))
      throw badInput(`${path} ${name}`, "only settings that are known", shown(fields[name]));
  const trainedOnPrompts = readFingerprints(
    (metadata["fathom"] as Fields | undefined | null)?.["trained_on_prompts"],
    `${path} metadata.fathom.trained_on_prompts`,
  );
  return {
    ...readCommon(fields, kind, path),
    k: kind === "topk" ? readK(fields["k"], `${path} k`) : null,
    normalize: readNormalization(fields["normalize_activations"] ?? "none", path),
    rescaleByDecoderNorm: flag(
      fields["rescale_acts_by_decoder_norm"],
      false,
      `${path} rescale_acts_by_decoder_norm`,
    ),
    site: readSite(metadata["hook_name"], metadata["model_name"], path),
    neuronpedia: readNeuronpedia(metadata["neuronpedia_id"], `${path} metadata.neuronpedia_id`),
    trainedOnPrompts,
    stated: readStated(metadata["fathom"], `${path} metadata.fathom`),
    notes:
      trainedOnPrompts === null
        ? []
        : [
            `A contrastive term of its training was on ${trainedOnPrompts.length} prompts, which no audit may score with it.`,
          ],
  };
}
