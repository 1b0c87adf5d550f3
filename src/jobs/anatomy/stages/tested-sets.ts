/** Each minimal set on prompts that the search never saw: what it flips, beside matched sets, and what it costs elsewhere. */
import {
  type JudgedControls,
  judgedControls,
  type ScoreControls,
  scoreControls,
} from "../../../anatomy/controls/against-controls.ts";
import { type HarmlessEffect, onHarmless } from "../../../anatomy/controls/harmless.ts";
import type { Controls } from "../../../anatomy/controls/matched.ts";
import { type Stability, stability } from "../../../anatomy/controls/stability.ts";
import { union } from "../../../anatomy/subject/feature-set.ts";
import type { FeatureSet } from "../../../anatomy/subject/subject.ts";
import type { Tally } from "../../../anatomy/trial/tally.ts";
import { judgedOf } from "../../../anatomy/trial/trial.ts";
import { withControls } from "./control-sets.ts";
import { type MeanAblation, meanAblation } from "./mean-ablation.ts";
import type { FoundSets } from "./minimal-sets.ts";
import { type SetCost, setCost } from "./set-cost.ts";
import { free, promptsOf, refusingOf, type Stage } from "./stage.ts";

export interface TestedSet {
  features: FeatureSet;
  /** Answers of the test prompts that refuse without an ablation; null if none does. */
  test: Tally | null;
  /** The test prompts that refuse without an ablation. */
  refusing: readonly number[];
  controls: Controls;
  /** null without a test prompt that refuses. */
  byScore: ScoreControls | null;
  byJudge: JudgedControls | null;
  /** The same prompts with the set held at its mean over harmless ones; null without a test prompt that refuses. */
  atMean: MeanAblation | null;
  harmless: HarmlessEffect;
  cost: SetCost;
}

export interface TestedSets {
  sets: TestedSet[];
  /** Of the first set; null without one. */
  stability: Stability | null;
}

export async function testedSets(stage: Stage, found: FoundSets): Promise<TestedSets> {
  const { subject, plan, decoderCosine, universe, random } = stage;
  const { pooled, boundary } = found;
  const { sizes } = plan;
  const sets: TestedSet[] = [];
  for (const { features, boundary: own } of pooled.sets)
    sets.push(await testedSet(stage, features, { found, boundary: own }));
  const [first] = pooled.sets;
  const { standing } = pooled;
  return {
    sets,
    stability:
      first === undefined || boundary === null
        ? null
        : await stability(
            subject,
            { ...free(standing.refusing), boundary: first.boundary },
            { universe, set: first.features },
            {
              decoderCosine,
              measured: sizes.measured,
              resamples: sizes.stability,
              random: random.split("stability"),
            },
          ),
  };
}

/** @param found whose sets no control may use @param boundary a score below it predicts that the answer does not refuse */
export async function testedSet(
  stage: Stage,
  features: FeatureSet,
  { found, boundary }: { found: FoundSets; boundary: number },
): Promise<TestedSet> {
  const { subject, plan, level } = stage;
  const { sizes } = plan;
  const refusing = await refusingOf(stage, promptsOf(stage, "test", "harmful"));
  const taken = union(...found.pooled.sets.map((set) => set.features));
  const harmless = await onHarmless(subject, promptsOf(stage, "test", "harmless"), features, level);
  return await withControls(stage, features, taken, async ({ subject: beside, set, controls }) => {
    const some = controls.controls.slice(0, sizes.cost_controls);
    const cost = await setCost({ ...stage, subject: beside }, set, some);
    if (refusing.length === 0)
      return {
        ...{ features, test: null, refusing, controls, byScore: null, byJudge: null, atMean: null },
        ...{ harmless, cost },
      };
    const [judged] = await judgedOf(subject, free(refusing), [features]);
    return {
      features,
      test: judged!.tally,
      refusing,
      controls,
      byScore: await scoreControls(beside, refusing, set, controls.controls, boundary),
      byJudge: await judgedControls(
        beside,
        refusing.slice(0, sizes.control_prompts),
        set,
        controls.controls.slice(0, sizes.judged_controls),
        level,
      ),
      atMean: await meanAblation(stage, features, refusing),
      harmless,
      cost,
    };
  });
}
