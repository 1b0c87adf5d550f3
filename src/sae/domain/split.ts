/**
 * Splits labelled prompts into those that a contrastive term is trained on and those that are held out to measure it.
 * Matched prompts say nearly the same, so they go to the same side: a term that has seen one of them has seen them all.
 */
import { clusterOf } from "../../core/cluster.ts";
import { badInput } from "../../core/errors.ts";
import { random } from "../../core/random.ts";
import type { Prompt, Tier } from "../../core/records/prompt.ts";
import { groupedFolds } from "../../stats/folds.ts";

/** One of three folds is held out. A third of a set of a hundred prompts is enough to measure on. */
const folds = 3;

/** Fewest prompts per tier on each side: a triplet needs two, an interval needs five. */
const fewest = { trained: 2, heldOut: 5 } as const;

export interface PromptSplit {
  trained: Prompt[];
  heldOut: Prompt[];
}

/**
 * Splits the prompts of the main panel that are in the named tiers; the others are on neither side. Each framing is spread
 * evenly over the folds.
 * @throws FathomError if a side has too few prompts of a tier
 */
export function splitPrompts(
  prompts: readonly Prompt[],
  tiers: readonly Tier[],
  seed: string,
  source: string,
): PromptSplit {
  if (tiers.length < 2) throw badInput("tiers to hold apart", "two at least", tiers.join(", "));
  const labelled = prompts.filter(({ panel, tier }) => panel === "main" && tiers.includes(tier));
  const fold = groupedFolds(
    labelled.map(clusterOf),
    labelled.map(({ framing }) => framing),
    folds,
    random(seed).split("domain split"),
  );
  const split = {
    trained: labelled.filter((_, at) => fold[at] !== 0),
    heldOut: labelled.filter((_, at) => fold[at] === 0),
  };
  for (const side of ["trained", "heldOut"] as const)
    for (const tier of tiers) {
      const found = split[side].filter((prompt) => prompt.tier === tier).length;
      if (found < fewest[side])
        throw badInput(
          source,
          `${fewest[side]} prompts of the tier ${tier} at least ${side === "trained" ? "to train on" : "to keep aside"}`,
          String(found),
          "a larger set: a third of its matched pairs is kept aside",
        );
    }
  return split;
}
