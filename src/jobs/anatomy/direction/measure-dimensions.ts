/**
 * How many dimensions the refusal has. The direction is ablated, the difference of means is fitted again at its place under the
 * ablation, the new direction is ablated too, and so on. Then samples of the cones of the first two and three directions are
 * ablated, one at a time.
 */
import { type ConeTest, coneTest } from "../../../anatomy/direction/cone.ts";
import { dimensionsOf, lowersMore, type Removal } from "../../../anatomy/direction/dimensions.ts";
import { norm, orthogonalTo, unit } from "../../../anatomy/direction/means.ts";
import { positiveCombinations, randomDirections } from "../../../anatomy/direction/random-directions.ts";
import { directionOf } from "../../../anatomy/direction/split-half.ts";
import { mean } from "../../../stats/summary.ts";
import type { PlacedVector } from "./direction-edits.ts";
import { rowsAt } from "./fit-directions.ts";
import { type Arms, scoresAt } from "./interventions.ts";
import type { DirectionStudy } from "./study.ts";

/** A refitted difference of means below this share of the first one's length is what rounding leaves. */
const noDirection = 1e-4;

export interface Dimensions {
  /** How many directions lower the score by more than random ones do, one after the other. */
  count: number;
  /** One per direction, the chosen one first; the last may be one that does not count. */
  removals: Removal[];
  cones: ConeTest[];
  blockEvaluations: number;
}

export async function measureDimensions(
  study: DirectionStudy,
  chosen: PlacedVector,
  first: Removal,
  options: { most: number; randomDirections: number; coneSamples: number },
): Promise<Dimensions> {
  const { level } = study;
  const basis = [unit(chosen.vector)];
  const removals = [first];
  let blockEvaluations = 0;
  while (removals.length < options.most && lowersMore(removals.at(-1)!, level)) {
    const next = await refit(study, chosen, basis);
    blockEvaluations += next.blockEvaluations;
    if (next.direction === null) break;
    const removal = await measureRemoval(study, chosen, [...basis, next.direction], options.randomDirections);
    blockEvaluations += removal.blockEvaluations;
    removals.push({ ...removal.removal, before: removals.at(-1)!.after });
    basis.push(next.direction);
  }
  const count = dimensionsOf(removals, level);
  const cones: ConeTest[] = [];
  for (const dimensions of [2, 3].filter((wanted) => wanted <= basis.length)) {
    const cone = await measureCone(study, chosen, basis.slice(0, dimensions), options.coneSamples);
    blockEvaluations += cone.blockEvaluations;
    cones.push(coneTest(dimensions, cone.scores, { boundary: study.boundary, random: first.random }, level));
  }
  return { count, removals, cones, blockEvaluations };
}

/** The unit direction of the means under the ablation of `basis`; null if nothing is left. */
async function refit(
  { interventions, fit }: DirectionStudy,
  chosen: PlacedVector,
  basis: readonly Float64Array[],
): Promise<{ direction: Float64Array | null; blockEvaluations: number }> {
  const under = interventions.ablation(basis, [basis.map((_, i) => i)]);
  const { rows, blockEvaluations } = await rowsAt(interventions.model, fit, chosen, {
    start: interventions.start,
    edits: under.edits,
    masks: under.masks[0]!,
  });
  const rest = orthogonalTo(basis, directionOf(rows));
  const isLeft = norm(rest) > noDirection * norm(chosen.vector);
  return { direction: isLeft ? unit(rest) : null, blockEvaluations };
}

/** Ablates all directions together, and then each of several random ones in the place of the last. */
async function measureRemoval(
  study: DirectionStudy,
  { layer, position }: PlacedVector,
  directions: readonly Float64Array[],
  count: number,
): Promise<{ removal: Omit<Removal, "before">; blockEvaluations: number }> {
  const n = directions.length;
  const before = directions.slice(0, -1);
  const random = randomDirections(directions[0]!.length, count, study.random.split(`removal ${n}`), before);
  const kept = before.map((_, i) => i);
  const removed = Array.from({ length: count + 1 }, (_, i) => [...kept, n - 1 + i]);
  const measured = await study.memory.recall("another direction ablated", { layer, position, n, count }, () =>
    study.interventions.ablated([...directions, ...random], removed, study.validate.harmful),
  );
  const [after, ...others] = meansOf(measured, study);
  return { removal: { after: after!, random: others }, blockEvaluations: measured.blockEvaluations };
}

async function measureCone(
  study: DirectionStudy,
  { layer, position }: PlacedVector,
  basis: readonly Float64Array[],
  samples: number,
): Promise<{ scores: number[]; blockEvaluations: number }> {
  const dimensions = basis.length;
  const drawn = positiveCombinations(basis, samples, study.random.split(`cone ${dimensions}`));
  const measured = await study.memory.recall(
    "samples of a cone",
    { layer, position, dimensions, samples },
    () =>
      study.interventions.ablated(
        drawn,
        drawn.map((_, i) => [i]),
        study.validate.harmful,
      ),
  );
  return { scores: meansOf(measured, study), blockEvaluations: measured.blockEvaluations };
}

/** The mean score of each arm at the deciding position. */
const meansOf = ({ arms }: Arms, { places }: DirectionStudy): number[] =>
  arms.map((arm) => mean(scoresAt(arm, places - 1, places)));
