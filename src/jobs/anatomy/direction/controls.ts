/** What a chosen direction is compared with: random directions of equal norm, other doses, and halves of the prompts. */
import { type DosePoint, doseCurve } from "../../../anatomy/direction/dose.ts";
import { norm } from "../../../anatomy/direction/means.ts";
import { randomDirections } from "../../../anatomy/direction/random-directions.ts";
import type { Interval } from "../../../stats/proportion.ts";
import { mean, quantile } from "../../../stats/summary.ts";
import type { PlacedVector } from "./direction-edits.ts";
import { scoresAt } from "./interventions.ts";
import type { DirectionStudy } from "./study.ts";

/** A number of the chosen direction beside those of random directions. */
export interface Beside {
  chosen: number;
  /** Mean and central range over random directions. */
  random: { mean: number; interval: Interval };
  /** (1 + random directions that do as much) / (1 + random directions). */
  p: number;
}

export interface RandomControl {
  directions: number;
  /** At the deciding position. */
  bypass: Beside;
  induce: Beside;
  /** Mean scores of the harmful prompts under each random ablation, for the tests that follow. */
  scores: number[];
  blockEvaluations: number;
}

/** Ablates random directions, and adds random vectors of the chosen one's length at its layer. */
export async function randomControl(
  study: DirectionStudy,
  chosen: PlacedVector,
  effects: { bypass: number; induce: number },
  count: number,
): Promise<RandomControl> {
  const { interventions, validate, memory, places, level } = study;
  const units = randomDirections(chosen.vector.length, count, study.random.split("random directions"));
  const length = norm(chosen.vector);
  const vectors = units.map((direction) => ({
    ...chosen,
    vector: direction.map((value) => value * length),
  }));
  const inputs = { layer: chosen.layer, position: chosen.position, count };
  const ablated = await memory.recall("random directions ablated", inputs, () =>
    interventions.ablated(
      units,
      units.map((_, i) => [i]),
      validate.harmful,
    ),
  );
  const added = await memory.recall("random vectors added", inputs, () =>
    interventions.added(
      vectors,
      vectors.map((_, vector) => ({ vector, dose: 1 })),
      validate.harmless,
    ),
  );
  const means = ({ arms }: typeof ablated) => arms.map((arm) => mean(scoresAt(arm, places - 1, places)));
  const scores = means(ablated);
  return {
    directions: count,
    bypass: beside(effects.bypass, scores, -1, level),
    induce: beside(effects.induce, means(added), 1, level),
    scores,
    blockEvaluations: ablated.blockEvaluations + added.blockEvaluations,
  };
}

/** @param sign 1 if a large number is what counts, -1 if a small one is */
function beside(chosen: number, random: readonly number[], sign: 1 | -1, level: number): Beside {
  const tail = (1 - level) / 2;
  const asMuch = random.filter((value) => sign * value >= sign * chosen).length;
  return {
    chosen,
    random: { mean: mean(random), interval: [quantile(random, tail), quantile(random, 1 - tail)] },
    p: (1 + asMuch) / (1 + random.length),
  };
}

/** The score of harmless prompts at the deciding position while the vector is added `doses` times at its own layer. */
export async function measureDoses(
  { interventions, memory, validate: { harmless }, places, level }: DirectionStudy,
  chosen: PlacedVector,
  doses: readonly number[],
): Promise<{ curve: DosePoint[]; blockEvaluations: number }> {
  const { layer, position } = chosen;
  const { arms, blockEvaluations } = await memory.recall(
    "doses of the direction",
    { layer, position, doses: [...doses] },
    () =>
      interventions.added(
        [chosen],
        doses.map((dose) => ({ vector: 0, dose })),
        harmless,
      ),
  );
  const scores = arms.map((arm) =>
    scoresAt(arm, places - 1, places).map((value, i) => ({ cluster: harmless[i]!.cluster, value })),
  );
  return { curve: doseCurve(doses, scores, level), blockEvaluations };
}
