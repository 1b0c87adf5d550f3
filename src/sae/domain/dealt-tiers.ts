/**
 * Training prompts with one another's tiers: what a contrastive term does with them, it does for other reasons than what
 * the tiers have in common. Matched prompts stay matched: a pair that has one prompt of each tier has one of each after.
 */
import type { Random } from "../../core/random.ts";
import { groupBy } from "../../stats/group.ts";
import type { LabelledPrompt } from "./labelled.ts";

/** Of so many deals the one that tells least of the true tiers is taken: small sets have deals that tell much by chance. */
const deals = 200;

type Tiered = Pick<LabelledPrompt, "tier" | "cluster">;

/** @returns the same prompts in the same order, as many of each tier as before */
export function dealTiers<T extends Tiered>(prompts: readonly T[], random: Random): T[] {
  let [best, least]: [T[], number] = [[], Infinity];
  for (let at = 0; at < deals; at++) {
    const dealt = dealOnce(prompts, random.split(at));
    const told = association(prompts, dealt);
    if (told < least) [best, least] = [dealt, told];
  }
  return best;
}

/** The tiers of a cluster go to another of its size, and within that to any prompt. */
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

/** Pearson's χ² of the dealt tiers and the true ones over the number of prompts: 0 where the ones tell nothing of the others. */
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
