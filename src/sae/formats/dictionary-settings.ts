/** The settings that dictionary_learning's trainers and activation buffers write, in any of its versions. */
import { because, type Settings } from "./reading/known-keys.ts";

export const dictionarySettings = {
  file: { read: "trainer buffer", inert: {} },
  trainer: {
    read: "dict_class activation_dim dict_size k layer lm_name submodule_name group_sizes",
    inert: {
      "the class that trained it; dict_class says what is computed": "trainer_class",
      "shares and weights of a Matryoshka's groups in the loss": "group_fractions group_weights",
      "how the threshold was estimated in training": "threshold_beta threshold_start_step",
      "the width of a gradient's kernel": "bandwidth",
      "settings of an auxiliary loss": "auxk_alpha top_k_aux dead_feature_threshold",
      [because.trained]:
        "lr steps seed warmup_steps decay_start resample_steps sparsity_warmup_steps l1_penalty sparsity_function " +
        "sparsity_penalty sparsity_queue_length n_sparsity_updates p_start p_end anneal_start anneal_end " +
        "k_anneal_steps target_l0 batch_size",
      [because.machine]: "device dtype",
      [because.watched]: "wandb_name",
    },
  },
  buffer: {
    read: "d_submodule layer",
    only: { io: { is: "out", else: "it read another side of its module than the output" } },
    inert: {
      [because.data]:
        "n_ctxs ctx_len refresh_batch_size out_batch_size remove_bos add_special_tokens max_activation_norm_multiple",
      [because.machine]: "device",
    },
  },
} as const satisfies Record<string, Settings>;
