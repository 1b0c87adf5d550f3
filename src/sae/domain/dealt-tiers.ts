/**
 * Deals the tiers of training prompts out again at random: the control of a contrastive term. Whatever the term does with
 * dealt tiers does not come from what the prompts of a true tier have in common. Matched prompts stay matched: a pair with
 * one prompt of each tier still has one of each.
 */
import type { Random } from "../../core/random.ts";
import { groupBy } from "../../stats/group.ts";
import type { LabelledPrompt } from "./labelled.ts";

/**
 * This many deals are made, and the one least associated with the true tiers is taken. In small sets some deals are
 * close to the true tiers by chance.
 */
const deals = 200;

type Tiered = Pick<LabelledPrompt, "tier" | "cluster">;

/** @returns the same prompts in the same order, with as many of each tier as before */
export function dealTiers<T extends Tiered>(prompts: readonly T[], random: Random): T[] {
  let [best, least]: [T[], number] = [[], Infinity];
  for (let at = 0; at < deals; at++) {
    const dealt = dealOnce(prompts, random.split(at));
    const told = association(prompts, dealt);
    if (told < least) [best, least] = [dealt, told];
  }
  return best;
}

/** The tiers of a cluster go to a random cluster of the same size, and within it to the prompts in random order. */
function dealOnce<T extends Tiered>(prompts: readonly T[], random: Random): T[] {
  const clusters = [...groupBy([...prompts.keys()], (at) => prompts[at]!.cluster).values()];
  const dealt = [...prompts];
  for (const members of groupBy(clusters, ({ length }) => String(length)).values())
    for (const [place, donors] of random.shuffle(members).entries())
      for (const [slot, donor] of random.shuffle(donors).entries()) {
        const at = members[place]![slot]!;
        dealt[at] = { ...prompts[at]!, tier: prompts[donor]!.tier };
      }
  return dealt;
}

/** Pearson's χ² of dealt and true tiers, divided by the number of prompts; 0 if the two are independent. */
function association(prompts: readonly Tiered[], dealt: readonly Tiered[]): number {
  const shares = groupBy(prompts, ({ tier }) => tier);
  const n = prompts.length;
  let sum = 0;
  for (const [tier, of] of shares)
    for (const [other, { length }] of shares) {
      const expected = (of.length * length) / n;
      const both = prompts.filter((prompt, at) => prompt.tier === tier && dealt[at]!.tier === other).length;
      sum += (both - expected) ** 2 / expected;
    }
  return sum / n;
}
