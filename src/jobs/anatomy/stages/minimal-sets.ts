/** Minimal sets of the fitting prompts, together and one by one, and how far the ranking that found them can be trusted. */
import { type TakenApart, takeApart } from "../../../anatomy/minimal/take-apart.ts";
import { type RankAgreement, rankAgreement } from "../../../anatomy/ranking/agreement.ts";
import { estimate, gradientOf } from "../../../anatomy/ranking/ranking.ts";
import { type Boundary, searchBoundary } from "../../../anatomy/score/boundary.ts";
import { inStep } from "../../../anatomy/subject/in-step.ts";
import { judgedOf, scoresOf } from "../../../anatomy/trial/trial.ts";
import { free, limitsOf, type Stage, searchedPrompts } from "./stage.ts";

export interface FoundSets {
  /** null if clean answers and those with everything ablated are all of one kind: then no score tells them apart. */
  boundary: Boundary | null;
  pooled: TakenApart;
  perPrompt: { prompt: number; found: TakenApart }[];
  /** `curved`: candidates whose first-order estimate says little. null where nothing was searched. */
  ranking: (RankAgreement & { curved: number }) | null;
}

export async function minimalSetsOf(stage: Stage): Promise<FoundSets> {
  const { subject, universe, decoderCosine, plan, random, level } = stage;
  const { sizes } = plan;
  const boundary = await fitBoundary(stage);
  const search = {
    boundary: boundaryOf({ boundary }),
    decoderCosine,
    limits: limitsOf(stage),
  };
  const pooled = await takeApart(subject, searchedPrompts(stage, "harmful"), universe, search);
  const { refusing } = pooled.standing;
  const alone = refusing.slice(0, sizes.per_prompt);
  const apart = await inStep(
    subject,
    alone.map((prompt) => (shared) => takeApart(shared, [prompt], universe, search)),
  );
  const perPrompt = alone.map((prompt, i) => ({ prompt, found: apart[i]! }));
  if (refusing.length === 0) return { boundary, pooled, perPrompt, ranking: null };
  // A sample of prompts is enough to compare two orders.
  const runs = free(refusing.slice(0, sizes.control_prompts));
  const { effect, curved } = await estimate(gradientOf(subject, runs), universe);
  const { ranked: sample, resamples } = sizes;
  const agreement = await rankAgreement(subject, runs, effect, universe, {
    ...{ sample, resamples, level, random: random.split("ranking") },
  });
  const ranking = { ...agreement, curved: curved.filter(Boolean).length };
  return { boundary, pooled, perPrompt, ranking };
}

/** Without a boundary no score predicts a flip, and only judged answers say what flips. */
export const boundaryOf = ({ boundary }: Pick<FoundSets, "boundary">): number =>
  boundary?.boundary ?? -Number.MAX_VALUE;

/** At which score this model's answers stop refusing: from clean answers of both sides, and those with everything ablated. */
async function fitBoundary(stage: Stage): Promise<Boundary | null> {
  const { subject, universe } = stage;
  const harmful = searchedPrompts(stage, "harmful");
  const scored = [];
  for (const [prompts, off] of [
    [harmful, []],
    [searchedPrompts(stage, "harmless"), []],
    [harmful, universe],
  ] as const) {
    const [scores] = await scoresOf(subject, free(prompts), [off]);
    const [judged] = await judgedOf(subject, free(prompts), [off]);
    for (const [i, kind] of judged!.kinds.entries())
      if (kind !== "broken") scored.push({ score: scores![i]!, refuses: kind === "refused" });
  }
  return searchBoundary(scored);
}
