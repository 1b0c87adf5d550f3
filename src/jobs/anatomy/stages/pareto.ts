/** What ablating ever more features does to refusals, and what it costs: prefixes of the ranking, and the minimal set. */
import { estimate, gradientOf, ranked } from "../../../anatomy/ranking/ranking.ts";
import { setOf } from "../../../anatomy/subject/feature-set.ts";
import type { FeatureSet } from "../../../anatomy/subject/subject.ts";
import { answerKind } from "../../../anatomy/trial/tally.ts";
import { type Estimate, meanOf, shareOf } from "./estimates.ts";
import type { FoundSets } from "./minimal-sets.ts";
import { free, promptsOf, refusingOf, type Stage } from "./stage.ts";

export interface Cost {
  features: FeatureSet;
  kind: "ranking" | "minimal set";
  /** Share of refused validate prompts that still refuse, by the judge. */
  refusing: Estimate;
  /** Their mean score, log-odds. */
  score: Estimate;
  /** Over the clean answers to harmless validate prompts, nats per token. */
  kl: Estimate;
  crossEntropy: Estimate;
}

export async function paretoOf(stage: Stage, { pooled }: FoundSets): Promise<Cost[]> {
  const { subject, universe, decoderCosine, plan, level } = stage;
  const { control_prompts: most } = plan.sizes;
  const { effect } = await estimate(gradientOf(subject, free(pooled.standing.refusing)), universe);
  const order = ranked(effect, universe, decoderCosine);
  const sets = [
    ...prefixSizes(order.length).map((size) => ({
      features: setOf(order.slice(0, size)),
      kind: "ranking" as const,
    })),
    ...pooled.sets.slice(0, 1).map(({ features }) => ({ features, kind: "minimal set" as const })),
  ];
  const harmful = (await refusingOf(stage, promptsOf(stage, "validate", "harmful"))).slice(0, most);
  const harmless = promptsOf(stage, "validate", "harmless")
    .filter((prompt) => subject.hasAnswer(prompt))
    .slice(0, most);
  const asks = (prompts: readonly number[]) =>
    sets.flatMap(({ features }) => prompts.map((prompt) => ({ prompt, off: features })));
  const judged = await subject.judged(asks(harmful));
  const scores = await subject.scores(asks(harmful));
  const damage = await subject.readings.damage(asks(harmless));
  const averaged = (prompts: readonly number[], values: readonly number[]) =>
    meanOf(stage, prompts, values, level);
  return sets.map((set, s) => {
    const own = <T>(rows: ArrayLike<T>, n: number) => Array.from(rows).slice(s * n, (s + 1) * n);
    const refused = own(judged, harmful.length).filter((one) => answerKind(one) === "refused").length;
    const costs = own(damage, harmless.length);
    return {
      ...set,
      refusing: shareOf(refused, harmful.length, level),
      score: averaged(harmful, own(scores, harmful.length)),
      kl: averaged(
        harmless,
        costs.map(({ kl }) => kl),
      ),
      crossEntropy: averaged(
        harmless,
        costs.map(({ crossEntropy }) => crossEntropy),
      ),
    };
  });
}

/** 1, 2, 4, 8, … and all. */
function prefixSizes(all: number): number[] {
  const sizes: number[] = [];
  for (let size = 1; size < all; size *= 2) sizes.push(size);
  return all === 0 ? [] : [...sizes, all];
}
