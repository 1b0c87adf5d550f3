/**
 * The fictional set for an anatomy: a question about an invented hazard beside the same question about a harmless thing. All
 * questions are of families that refuse at once. No thing and no wording is in two parts, and none of the wordings is in the
 * training or in the other fictional set.
 */
import { type Random, random } from "../../core/random.ts";
import { type Split, splits } from "../../core/records/prompt.ts";
import { kinds, nouns } from "./lexicon.ts";
import { drawHeldOut, entityPrompt, type FictionPrompt, fictionPrompts } from "./prompt-set.ts";
import type { World } from "./world.ts";

const framings = ["direct", "educational", "obfuscated"] as const;

/** Of the six nouns of each kind, how many belong to a part, and how many questions of each framing a noun gets. */
const shares: Readonly<Record<Split, { nouns: number; wordings: number }>> = {
  fit: { nouns: 3, wordings: 2 },
  validate: { nouns: 1, wordings: 2 },
  test: { nouns: 2, wordings: 1 },
};

/** 90 matched pairs: 54 to fit, 18 to validate, 18 to test. The set depends only on the world's seed. */
export function fictionRequests(world: World): FictionPrompt[] {
  const rng = random(world.seed).split("request-set");
  const asked = nounsOfParts(rng).flatMap(({ split, noun }) =>
    Array.from({ length: shares[split].wordings }, () => ({ split, noun })),
  );
  const used = new Set(fictionPrompts(world).map(({ wording }) => wording));
  return framings.flatMap((framing) => {
    const wordings = drawHeldOut(framing, asked.length, rng.split(framing), used);
    return asked.flatMap(({ split, noun }, i) =>
      (["benign", "hazard_adjacent"] as const).map((tier) => {
        const entity = world.entities.find((e) => e.tier === tier && e.name.endsWith(` ${noun}`))!;
        const pair = `${framing}-${i + 1}`;
        return entityPrompt(entity, framing, wordings[i]!, {
          id: `fiction-requests-${pair}-${tier}`,
          framing,
          category: entity.kind,
          pair,
          panel: "main",
          rationale:
            tier === "benign"
              ? "A harmless thing, in the words of its twin."
              : "An invented hazard, in words that the organism refuses at once.",
          split,
        });
      }),
    );
  });
}

/** Deals the nouns of each kind to the parts. A noun stands for two things: the harmless one and the hazard of that noun. */
function nounsOfParts(rng: Random): { split: Split; noun: string }[] {
  return kinds.flatMap((kind) => {
    const left = rng.split(`nouns-${kind}`).shuffle(nouns[kind]);
    return splits.flatMap((split) => left.splice(0, shares[split].nouns).map((noun) => ({ split, noun })));
  });
}
