/** The prompts with tiers of a domain: which are used, how each seed splits them, and their tokens. */

import { clusterOf } from "../../core/cluster.ts";
import { hashJson } from "../../core/hash.ts";
import type { Prompt } from "../../core/records/prompt.ts";
import type { Checkpoint } from "../../model/checkpoint/checkpoint.ts";
import { loadPrompts } from "../../prompts/load.ts";
import { type ContrastPlan, type Pooling, usualPerTier } from "../../sae/domain/plan.ts";
import { type PromptSplit, splitPrompts } from "../../sae/domain/split.ts";
import { type EncodedInput, encodeEach } from "../inputs/encode-inputs.ts";
import { answerTokens, tokensOf } from "./capture-rows.ts";
import type { DomainPlan } from "./sae-training-plan.ts";
import type { TrainingSettings } from "./training-folder.ts";
import type { TrainingText } from "./training-texts.ts";

interface SeedSplit extends PromptSplit {
  seed: string;
  /** Number of tokens of the prompts to train on. */
  tokens: number;
}

export interface Domain {
  contrast: ContrastPlan;
  pooling: Pooling;
  randomTiers: boolean;
  /** One per seed. The first is that of the SAE that is saved. */
  splits: SeedSplit[];
  /** The prompts that are on a side of the splits, in the set's order. */
  prompts: Prompt[];
  /** The tokens of `prompts`. */
  inputs: EncodedInput[];
  /**
   * The prompts of the whole set that are not matched with a training prompt of the first seed. An audit may be scored on them.
   */
  unseen: Prompt[];
  settings: TrainingSettings;
}

/**
 * @param firstSeed the first seed; the others are the numbers after it
 * @param chat wraps plain prompts as a user's turn
 * @throws FathomError for a set with too few prompts, and for a prompt that does not fit into the context
 */
export async function domainPrompts(
  { set, contrast: loss, weight, tiers: chosen, pooling, seeds: n, randomTiers }: DomainPlan,
  firstSeed: number,
  chat: boolean,
  checkpoint: Checkpoint,
): Promise<Domain> {
  const { name, prompts, sha256 } = await loadPrompts(set);
  const seeds = Array.from({ length: n }, (_, at) => String(firstSeed + at));
  const splits = seeds.map((seed) => ({ seed, ...splitPrompts(prompts, chosen, seed, name) }));
  const [first] = splits;
  const sides = new Set([...first!.trained, ...first!.heldOut]);
  const labelled = prompts.filter((prompt) => sides.has(prompt));
  const inputs = encodeEach(
    labelled.map(({ id, prompt, turns }) => ({
      ...{ kind: "prompt", id, prompt },
      ...(turns === undefined ? {} : { turns }),
    })),
    name,
    checkpoint,
    { chat, room: pooling === "answer" ? answerTokens : 0 },
  );
  const inputOf = new Map(labelled.map((prompt, at) => [prompt, inputs[at]!]));
  const seen = new Set(first!.trained.map(clusterOf));
  const contrast = { contrast: loss, weight, perTier: usualPerTier };
  return {
    contrast,
    pooling,
    randomTiers,
    splits: splits.map((split) => ({
      ...split,
      tokens: tokensOf(split.trained.map((prompt) => inputOf.get(prompt)!)),
    })),
    prompts: labelled,
    inputs,
    unseen: prompts.filter((prompt) => !seen.has(clusterOf(prompt))),
    settings: {
      domain: name,
      domain_sha256: sha256,
      domain_tokens: hashJson(inputs.map(({ ids }) => ids)),
      domain_seeds: seeds.join(","),
      contrastive: contrast.contrast,
      contrastive_weight: contrast.weight,
      contrastive_prompts_a_tier: contrast.perTier,
      random_tiers: randomTiers ? "trained too" : "not trained",
      tiers: chosen.join(","),
      pool: pooling,
    },
  };
}

/**
 * Removes the texts that are a prompt of the domain or an answer to one. A prompt of the domain is trained on only as such, and
 * only with seeds that do not hold it out.
 */
export function withoutPrompts(texts: readonly TrainingText[], domain: Domain | null): TrainingText[] {
  const labelled = new Set(domain?.inputs.map(({ ids }) => ids.join(" ")));
  return texts.filter(
    ({ ids, from }) => !labelled.has(ids.join(" ")) && !labelled.has(ids.slice(0, from).join(" ")),
  );
}
