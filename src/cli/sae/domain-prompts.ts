/** The prompts with tiers that `fathom sae train --domain` holds apart: which, split how, as which tokens. */
import { badInput } from "../../core/errors.ts";
import { hashJson } from "../../core/hash.ts";
import type { Prompt, Tier } from "../../core/prompt.ts";
import type { Checkpoint } from "../../model/checkpoint.ts";
import { loadPrompts } from "../../prompts/load.ts";
import { labelledRows, type Span } from "../../sae/domain/labelled.ts";
import { type Contrast, type ContrastPlan, type Pooling, usualPerTier } from "../../sae/domain/plan.ts";
import { clusterOf, type PromptSplit, splitPrompts } from "../../sae/domain/split.ts";
import type { Sides } from "../../sae/domain/train.ts";
import { partOf, type Rows } from "../../sae/rows.ts";
import { domainDefaults } from "../defaults.ts";
import { type EncodedInput, encodeEach } from "../tokens/encode-inputs.ts";
import { answerTokens } from "./capture-rows.ts";
import type { TrainingSettings } from "./training-folder.ts";

export interface DomainOptions {
  domain?: string;
  contrastive?: Contrast;
  contrastiveWeight?: number;
  tiers?: Tier[];
  pool?: Pooling;
}

export interface Domain {
  contrast: ContrastPlan;
  pooling: Pooling;
  split: PromptSplit;
  /** Of the whole set what no training prompt is matched with: an audit may be scored on it. */
  unseen: Prompt[];
  trained: EncodedInput[];
  heldOut: EncodedInput[];
  settings: TrainingSettings;
}

/**
 * @returns null where no domain is named
 * @throws FathomError for options of a domain without one, a set that leaves too few, a prompt that does not fit
 */
export async function domainPrompts(
  options: DomainOptions & { chat?: true },
  seed: string,
  checkpoint: Checkpoint,
): Promise<Domain | null> {
  const { domain, contrastive, contrastiveWeight, tiers, pool } = options;
  if (domain === undefined) {
    const given = Object.entries({
      "--contrastive": contrastive,
      "--contrastive-weight": contrastiveWeight,
      "--tiers": tiers,
      "--pool": pool,
    }).find(([, value]) => value !== undefined);
    if (given !== undefined) throw badInput(given[0], "--domain beside it", "none");
    return null;
  }
  const { name, prompts, sha256 } = await loadPrompts(domain);
  const chosen = tiers ?? domainDefaults.tiers;
  const pooling = pool ?? domainDefaults.pool;
  const split = splitPrompts(prompts, chosen, seed, name);
  const encode = (of: readonly Prompt[]) =>
    encodeEach(
      of.map(({ id, prompt }) => ({ kind: "prompt", id, prompt })),
      name,
      checkpoint,
      { chat: options.chat === true, room: pooling === "answer" ? answerTokens : 0 },
    );
  const [trained, heldOut] = [encode(split.trained), encode(split.heldOut)];
  const seen = new Set(split.trained.map(clusterOf));
  const contrast = {
    contrast: contrastive ?? domainDefaults.contrastive,
    weight: contrastiveWeight ?? domainDefaults.contrastiveWeight,
    perTier: usualPerTier,
  };
  return {
    contrast,
    pooling,
    split,
    unseen: prompts.filter((prompt) => !seen.has(clusterOf(prompt))),
    trained,
    heldOut,
    settings: {
      domain: name,
      domain_sha256: sha256,
      domain_tokens: hashJson([trained, heldOut].map((side) => side.map(({ ids }) => ids))),
      contrastive: contrast.contrast,
      contrastive_weight: contrast.weight,
      contrastive_prompts_a_tier: contrast.perTier,
      tiers: chosen.join(","),
      pool: pooling,
    },
  };
}

/** A prompt that the term is judged by is no text to be trained on, if it is among them. */
export function withoutHeldOut<T extends EncodedInput>(texts: readonly T[], domain: Domain | null): T[] {
  const held = new Set(domain?.heldOut.map(({ ids }) => ids.join(" ")));
  return texts.filter(({ ids }) => !held.has(ids.join(" ")));
}

/**
 * @param rows of the texts, then of the prompts to train on, then of those held out
 * @param spans of the prompts to train on, then of those held out
 */
export function sidesOf(
  rows: Rows,
  spans: readonly Span[],
  { split, pooling }: Domain,
): { trainable: Rows; sides: Sides } {
  const [trained, heldOut] = [spans.slice(0, split.trained.length), spans.slice(split.trained.length)];
  const tokens = (of: readonly Span[]) => of.reduce((sum, { length }) => sum + length, 0);
  const end = rows.count - tokens(heldOut);
  const start = end - tokens(trained);
  return {
    trainable: partOf(rows, 0, end),
    sides: {
      trained: labelledRows(partOf(rows, start, end), split.trained, trained, pooling),
      heldOut: labelledRows(partOf(rows, end, rows.count), split.heldOut, heldOut, pooling),
    },
  };
}
