/** Turns config.json into the numbers that the engine computes with. Any other setting in it is refused by name. */
import { badInput } from "../../core/errors.ts";
import { textSettings } from "./containers.ts";
import { families } from "./families/families.ts";
import type { Family } from "./families/family.ts";
import { quantizationOf } from "./quantization.ts";
import type { ModelConfig } from "./settings/config-types.ts";
import { Settings } from "./settings/settings.ts";

export type { ModelConfig } from "./settings/config-types.ts";

/** Keys that describe the checkpoint, its training or its generation. None of them changes a forward pass in fp32. */
const inert = [
  "model_type",
  "torch_dtype",
  "dtype",
  "transformers_version",
  "_name_or_path",
  "name_or_path",
  "_commit_hash",
  "use_cache",
  "initializer_range",
  "attention_dropout",
  "hidden_dropout_prob",
  "pretraining_tp",
  "tokenizer_class",
  "bos_token_id",
  "eos_token_id",
  "pad_token_id",
  "unk_token_id",
  "sep_token_id",
  "decoder_start_token_id",
  "_attn_implementation",
  "attn_implementation",
  "_attn_implementation_autoset",
  "transformers.js_config",
  "return_dict",
  "output_hidden_states",
  "output_attentions",
  "problem_type",
  "id2label",
  "label2id",
  "max_length",
  "min_length",
  "do_sample",
  "temperature",
  "top_p",
  "top_k",
  "typical_p",
  "num_beams",
  "num_beam_groups",
  "diversity_penalty",
  "repetition_penalty",
  "length_penalty",
  "no_repeat_ngram_size",
  "encoder_no_repeat_ngram_size",
  "num_return_sequences",
  "chunk_size_feed_forward",
  "prefix",
  "task_specific_params",
  "finetuning_task",
  "cache_implementation",
  "unsloth_fixed",
  "unsloth_version",
  // Training of a mixture of experts. The settings that make a model a mixture have other names and are refused.
  "router_jitter_noise",
  "router_aux_loss_coef",
  "output_router_logits",
  // Code inside the checkpoint. Fathom computes Transformers' own class instead.
  "auto_map",
];

/**
 * Reads a Hugging Face config.json, as Transformers 4 or 5 writes it.
 * @param where the file; messages begin with it
 * @throws FathomError naming an unknown architecture, an unsupported setting, or a value of the wrong kind
 */
export function parseConfig(json: unknown, where: string): ModelConfig {
  const settings = new Settings(json, where);
  // Older versions of compressed-tensors wrote "compression_config".
  for (const key of ["quantization_config", "compression_config"])
    if (settings.has(key))
      throw badInput(
        `${where} "${key}"`,
        "weights in fp32, fp16 or bf16",
        quantizationOf(settings.raw(key)),
        "the unquantized checkpoint, or a GGUF file of it",
      );
  const { family, architecture, isContainer } = familyOf(settings);
  const text = isContainer ? textSettings(settings, family) : settings;
  const config = { family: family.name, architecture, ...family.read(text, isContainer ? settings : null) };
  for (const read of new Set([settings, text])) {
    read.inert(inert);
    read.finish();
  }
  return config;
}

/** The family of the class in "architectures", or of the "model_type" when no class is given. */
function familyOf(settings: Settings): { family: Family; architecture: string; isContainer: boolean } {
  const names = settings.raw("architectures");
  const type = settings.raw("model_type");
  const known = families.flatMap((family) =>
    [family.classes, family.containers ?? {}].flatMap((classes) =>
      Object.entries(classes).map(([architecture, modelType]) => ({
        family,
        architecture,
        modelType,
        isContainer: classes === family.containers,
      })),
    ),
  );
  const byType = known.find(({ modelType }) => modelType === type)?.architecture;
  const named: unknown = Array.isArray(names) && names.length === 1 ? names[0] : (names ?? byType ?? type);
  const found = known.find(({ architecture }) => architecture === named);
  if (found === undefined)
    throw badInput(
      `${settings.where} "architectures"`,
      known.map(({ architecture }) => architecture).join(" or "),
      named === undefined ? "nothing" : JSON.stringify(named),
      "a checkpoint of a family that Fathom computes",
    );
  if (type !== undefined && type !== found.modelType)
    throw settings.wrong("model_type", `"${found.modelType}", the type of ${found.architecture}`, type);
  return found;
}
