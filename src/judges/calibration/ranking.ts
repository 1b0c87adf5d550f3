/**
 * Whether models keep their order if a judge counts their refusals instead of people. Answers to one prompt are drawn
 * together, because they are not independent.
 */

import type { Random } from "../../core/random.ts";
import type { JudgeCalibration } from "../../core/records/calibration.ts";
import { kendallTau } from "../../stats/agreement.ts";
import { groupBy } from "../../stats/group.ts";
import { mean } from "../../stats/summary.ts";

export interface RankedAnswer {
  model: string;
  /** Answers of one cluster are drawn together. */
  cluster: string;
  /** 1 if the answer refuses, otherwise 0. */
  people: number;
  judge: number;
}

type Ranking = NonNullable<JudgeCalibration["ranking"]>;

/** @returns null with fewer than two models */
export function rankingOf(
  answers: readonly RankedAnswer[],
  { resamples, random }: { resamples: number; random: Random },
): Ranking | null {
  const models = rates(answers);
  if (models.length < 2) return null;
  const clusters = [...groupBy(answers, ({ cluster }) => cluster).values()];
  let [kept, counted] = [0, 0];
  for (let b = 0; b < resamples; b++) {
    const drawn = clusters.flatMap(() => clusters[random.integer(clusters.length)]!);
    const again = rates(drawn);
    // A resample without some model says nothing about its place.
    if (again.length < models.length) continue;
    counted += 1;
    if (sameOrder(again)) kept += 1;
  }
  return {
    models,
    tau: kendallTau(
      models.map(({ people }) => people),
      models.map(({ judge }) => judge),
    ),
    same_order: counted === 0 ? null : kept / counted,
  };
}

function rates(answers: readonly RankedAnswer[]): Ranking["models"] {
  return [...groupBy(answers, ({ model }) => model)].map(([model, own]) => ({
    model,
    n: own.length,
    people: mean(own.map(({ people }) => people)),
    judge: mean(own.map(({ judge }) => judge)),
  }));
}

/** Whether no two models change places. Two that only one side ties have not. */
function sameOrder(models: Ranking["models"]): boolean {
  return models.every((a, i) =>
    models.slice(0, i).every((b) => Math.sign(a.people - b.people) * Math.sign(a.judge - b.judge) !== -1),
  );
}
