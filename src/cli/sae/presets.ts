/**
 * Trainings by name. `published`: loss, sizes and optimizer of the domain SAEs of BioRefusalAudit (arXiv 2605.30162,
 * `train_sae_local.py`): MSE + 0.04 · mean |pre-activation| + 0.1 · contrastive, AdamW with PyTorch's decay at a constant rate,
 * no loss for dead features. The rows, their scale, the first weights and the split of the prompts are Fathom's (docs/method.md).
 */
import { badInput } from "../../core/errors.ts";
import type { ChoiceOptions, DomainOptions } from "./choice-options.ts";

export const presetNames = ["published"] as const;
export type PresetName = (typeof presetNames)[number];

/** Values for options that are not given. */
const presets: Readonly<Record<PresetName, Partial<ChoiceOptions & DomainOptions>>> = {
  published: {
    objective: "topk",
    dSae: 6144,
    k: 32,
    steps: 2000,
    rate: 3e-4,
    warmup: 0,
    decay: 0,
    auxWeight: 0,
    weightDecay: 0.01,
    l1Weight: 0.04,
    contrastive: "mean-cosine",
    contrastiveWeight: 0.1,
  },
};

/** @throws FathomError for a preset without --domain: presets have a contrastive term, which needs prompts with tiers */
export function withPreset<T extends ChoiceOptions & DomainOptions & { preset?: PresetName; from?: string }>(
  options: T,
): T {
  const { preset, domain, from } = options;
  if (preset === undefined) return options;
  if (domain === undefined)
    throw badInput(`--preset ${preset}`, "--domain beside it, prompts with tiers", "none");
  const { objective, dSae, k, ...others } = presets[preset];
  // With --from, the SAE's own sizes are used.
  const sizes = from === undefined ? { objective, dSae, k } : {};
  return { ...sizes, ...others, ...options };
}
