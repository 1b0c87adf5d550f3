/** Each minimal set on prompts that the search never saw: what it flips, beside matched sets, and what it costs elsewhere. */
import {
  type JudgedControls,
  judgedControls,
  type ScoreControls,
  scoreControls,
} from "../../../anatomy/controls/against-controls.ts";
import { type HarmlessEffect, onHarmless } from "../../../anatomy/controls/harmless.ts";
import { type Controls, controlsFor } from "../../../anatomy/controls/matched.ts";
import { type Stability, stability } from "../../../anatomy/controls/stability.ts";
import { union } from "../../../anatomy/subject/feature-set.ts";
import type { FeatureSet } from "../../../anatomy/subject/subject.ts";
import { answerKind, type Tally } from "../../../anatomy/trial/tally.ts";
import { judgedOf } from "../../../anatomy/trial/trial.ts";
import type { FoundSets } from "./minimal-sets.ts";
import { free, promptsOf, type Stage } from "./stage.ts";

export interface TestedSet {
  features: FeatureSet;
  /** Answers of the test prompts that refuse without an ablation; null if none does. */
  test: Tally | null;
  controls: Controls;
  /** null without a test prompt that refuses. */
  byScore: ScoreControls | null;
  byJudge: JudgedControls | null;
  harmless: HarmlessEffect;
}

export interface TestedSets {
  sets: TestedSet[];
  /** Of the first set; null without one. */
  stability: Stability | null;
}

export async function testedSets(stage: Stage, { pooled, boundary }: FoundSets): Promise<TestedSets> {
  const { subject, plan, traits, universe, random } = stage;
  const { sizes } = plan;
  const refusing = await refusingOf(stage, promptsOf(stage, "test", "harmful"));
  const taken = union(...pooled.sets.map(({ features }) => features));
  const sets: TestedSet[] = [];
  for (const [i, { features }] of pooled.sets.entries())
    sets.push(await testedSet(stage, features, { refusing, taken, boundary: pooled.sets[i]!.boundary }));
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
              decoderCosine: traits.decoderCosine,
              measured: sizes.measured,
              resamples: sizes.stability,
              random: random.split("stability"),
            },
          ),
  };
}

/** Those whose clean answer refuses. */
export async function refusingOf({ subject }: Stage, prompts: readonly number[]): Promise<number[]> {
  const judged = await subject.judged(prompts.map((prompt) => ({ prompt, off: [] })));
  return prompts.filter((_, i) => answerKind(judged[i]!) === "refused");
}

async function testedSet(
  stage: Stage,
  features: FeatureSet,
  { refusing, taken, boundary }: { refusing: readonly number[]; taken: FeatureSet; boundary: number },
): Promise<TestedSet> {
  const { subject, plan, traits, random, level } = stage;
  const { sizes, calipers } = plan;
  const controls = controlsFor(subject.candidates, traits, features, {
    taken,
    calipers: { norm: calipers.norm, frequency: calipers.frequency, decoderCosine: calipers.cosine },
    count: sizes.controls,
    random: random.split(`controls of ${features.join(",")}`),
  });
  const harmless = await onHarmless(subject, promptsOf(stage, "test", "harmless"), features, level);
  if (refusing.length === 0)
    return { features, test: null, controls, byScore: null, byJudge: null, harmless };
  const [judged] = await judgedOf(subject, free(refusing), [features]);
  return {
    features,
    test: judged!.tally,
    controls,
    byScore: await scoreControls(subject, refusing, features, controls.controls, boundary),
    byJudge: await judgedControls(
      subject,
      refusing.slice(0, sizes.control_prompts),
      features,
      controls.controls.slice(0, sizes.judged_controls),
      level,
    ),
    harmless,
  };
}
