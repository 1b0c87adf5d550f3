/**
 * Which labelled prompts a contrastive term is trained on, and which are kept aside to see what it did. Matched prompts
 * say nearly the same, so they are on one side: a term that has seen one of them has seen them all.
 */
import { badInput } from "../../core/errors.ts";
import { random } from "../../core/random.ts";
import type { Prompt, Tier } from "../../core/records/prompt.ts";
import { groupedFolds } from "../../stats/folds.ts";

/** A third of the pairs is held out: enough to measure on, from sets of a hundred prompts. */
const folds = 3;

/** Prompts a tier below which a side says nothing: a triplet needs two, an interval five. */
const fewest = { trained: 2, heldOut: 5 } as const;

export interface PromptSplit {
  trained: Prompt[];
  heldOut: Prompt[];
}

/** Prompts of one cluster are not independent. */
export const clusterOf = ({ pair, id }: Pick<Prompt, "pair" | "id">): string =>
  pair === null ? `prompt ${id}` : `pair ${pair}`;

/**
 * Of the main panel, in the tiers named; the other prompts are on neither side. Framings are dealt evenly.
 * @throws FathomError where a side has too few prompts of a tier
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
