/**
 * The keys that SAELens has written into `cfg.json` since version 0.5. Since 6.0 these are the SAE's own settings;
 * before, they were those of the whole training run, many of them under several names. One list serves both, because
 * later versions sometimes write all settings of a run, too.
 */
import { because, type Only, type Settings } from "../reading/known-keys.ts";

const oneHead = { is: null, else: "an SAE of one attention head" } as const;
const inert = {
  "a factor that the weights file holds; it is refused there":
    "finetuning_scaling_factor uses_scaling_factor finetuning_method finetuning_tokens",
  "who wrote it": "sae_lens_version sae_lens_training_version",
  "noise and norms that only training steps used": "noise_scale normalize_sae_decoder",
  "start and gradient of a threshold":
    "jumprelu_init_threshold jumprelu_bandwidth jumprelu_ste_to_input topk_threshold_lr",
  [because.begun]:
    "decoder_init_norm decoder_orthogonal_init decoder_heuristic_init decoder_heuristic_init_norm " +
    "init_encoder_as_decoder_transpose b_dec_init_method from_pretrained_path",
  [because.trained]:
    "l1_coefficient lp_norm l1_warm_up_steps l0_coefficient l0_warm_up_steps aux_loss_coefficient target_l0 " +
    "jumprelu_sparsity_loss_mode jumprelu_tanh_scale pre_act_loss_coefficient mse_loss_normalization " +
    "scale_sparsity_penalty_by_decoder_norm use_ghost_grads use_sparse_activations matryoshka_widths " +
    "use_matryoshka_aux_loss adam_beta1 adam_beta2 lr lr_scheduler_name lr_warm_up_steps lr_end lr_decay_steps " +
    "n_restart_cycles seed training_tokens total_training_tokens train_batch_size train_batch_size_tokens resume " +
    "dead_feature_window dead_feature_threshold dead_feature_estimation_method feature_sampling_window " +
    "feature_sampling_method feature_reinit_scale resample_batches",
  [because.data]:
    "dataset_path dataset_trust_remote_code streaming is_dataset_tokenized context_size prepend_bos seqpos_slice " +
    "exclude_special_tokens disable_concat_sequences sequence_separator_token use_cached_activations " +
    "cached_activations_path n_batches_in_buffer tokens_per_buffer store_batch_size store_batch_size_prompts",
  [because.machine]:
    "dtype device act_store_device autocast autocast_lm compile_llm llm_compilation_mode compile_sae " +
    "sae_compilation_mode",
  [because.watched]:
    "logger log_to_wandb log_activations_store_to_wandb log_optimizer_state_to_wandb wandb_project wandb_id " +
    "wandb_entity wandb_log_frequency eval_every_n_wandb_logs run_name verbose n_checkpoints checkpoint_path " +
    "n_eval_batches n_eval_seqs eval_batch_size_prompts hook_eval hook_point_eval",
  "the class that opened the model": "model_class_name",
} as const;

const read =
  "architecture d_in d_sae expansion_factor k apply_b_dec_to_input normalize_activations reshape_activations " +
  "rescale_acts_by_decoder_norm metadata";

/** Keys of the whole file, since 6.0. */
export const newSettings: Settings = { read, inert };

/** Keys of the whole file, before 6.0. */
export const oldSettings: Settings = {
  read:
    `${read} activation_fn activation_fn_str activation_fn_kwargs hook_point hook_name hook_point_layer hook_layer ` +
    "model_name neuronpedia_id model_kwargs model_from_pretrained_kwargs",
  only: { hook_point_head_index: oneHead, hook_head_index: oneHead },
  inert,
};

/** Keys of `metadata`. Any other key is allowed there: SAELens computes with none of them. */
export const metadataOnly: Only = { hook_head_index: oneHead, hook_head_index_out: oneHead };
