/**
 * The second kind of ablation: a set's features are held at their mean over harmless prompts, and not at zero. Zero may lie far from
 * what a feature ever is where nothing is refused, and then it shows damage and no function.
 */
import type { Ask, FeatureSet } from "../../../anatomy/subject/subject.ts";
import { type Tally, tally } from "../../../anatomy/trial/tally.ts";
import { mean } from "../../../stats/summary.ts";
import { promptsOf, type Stage } from "./stage.ts";

export interface MeanAblation {
  /** [features] mean activation over the tokens of harmless fitting prompts and the beginnings of their clean answers. */
  means: number[];
  test: Tally;
  /** [prompts] fall of the refusal score, log-odds. */
  falls: number[];
}

/** @param prompts that refuse without an ablation, at least one */
export async function meanAblation(
  stage: Stage,
  features: FeatureSet,
  prompts: readonly number[],
): Promise<MeanAblation> {
  const { subject } = stage;
  const means = await harmlessMeans(stage, features);
  const on = features.map((candidate, i) => ({ candidate, value: means[i]! }));
  const asks = prompts.map((prompt): Ask => ({ prompt, off: [], on, throughout: true }));
  const clean = await subject.scores(prompts.map((prompt) => ({ prompt, off: [] })));
  const scores = await subject.scores(asks);
  return {
    means,
    test: tally(await subject.judged(asks)),
    falls: prompts.map((_, i) => clean[i]! - scores[i]!),
  };
}

async function harmlessMeans(stage: Stage, features: FeatureSet): Promise<number[]> {
  const prompts = promptsOf(stage, "fit", "harmless").slice(0, 2 * stage.plan.sizes.control_prompts);
  const rows = await stage.subject.readings.firing(prompts.map((prompt) => ({ prompt, off: [], features })));
  return features.map((_, f) =>
    mean(
      rows.flatMap((row) => {
        const tokens = row.length / features.length;
        return [...row.subarray(f * tokens, (f + 1) * tokens)];
      }),
    ),
  );
}
