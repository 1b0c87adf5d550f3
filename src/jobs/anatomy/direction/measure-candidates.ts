/** Measures candidate directions: bypass, induce and KL over all validation prompts. */
import type { Candidate } from "../../../anatomy/direction/choose.ts";
import { unit } from "../../../anatomy/direction/means.ts";
import { groupBy } from "../../../stats/group.ts";
import { mean } from "../../../stats/summary.ts";
import type { PlacedVector } from "./direction-edits.ts";
import { type Arm, scoresAt } from "./interventions.ts";
import type { DirectionStudy } from "./study.ts";

/** One candidate's measurements, prompt by prompt. */
interface Measured {
  /** Harmful prompts while the direction is ablated. */
  ablated: Arm;
  /** Harmless prompts while it is ablated, and while the vector is added. */
  harmless: Arm;
  added: Arm;
}

/**
 * Candidates of one layer are measured together, so that what lies below their layer is computed once. Each layer is a piece
 * of work that a kill cannot take back.
 * @param onMeasured called with how many candidates are measured
 */
export async function measureCandidates(
  study: DirectionStudy,
  candidates: readonly PlacedVector[],
  onMeasured: (count: number) => void,
): Promise<{ candidates: Candidate[]; blockEvaluations: number }> {
  const measured = new Map<PlacedVector, Candidate>();
  let blockEvaluations = 0;
  for (const [layer, own] of groupBy(candidates, (candidate) => candidate.layer)) {
    const positions = own.map(({ position }) => position);
    const piece = await study.memory.recall("direction candidates", { layer, positions }, () =>
      measureTogether(study, own),
    );
    blockEvaluations += piece.blockEvaluations;
    own.forEach((candidate, i) => measured.set(candidate, effects(study, candidate, piece.measured[i]!)));
    onMeasured(measured.size);
  }
  return { candidates: candidates.map((candidate) => measured.get(candidate)!), blockEvaluations };
}

async function measureTogether(
  { interventions, validate: { harmful, harmless } }: DirectionStudy,
  candidates: readonly PlacedVector[],
): Promise<{ measured: Measured[]; blockEvaluations: number }> {
  const units = candidates.map(({ vector }) => unit(vector));
  const each = candidates.map((_, i) => [i]);
  const bypass = await interventions.ablated(units, each, harmful, false);
  const side = await interventions.ablated(units, each, harmless, true);
  const doses = candidates.map((_, vector) => ({ vector, dose: 1 }));
  const induce = await interventions.added(candidates, doses, harmless);
  return {
    measured: candidates.map((_, i) => ({
      ablated: bypass.arms[i]!,
      harmless: side.arms[i]!,
      added: induce.arms[i]!,
    })),
    blockEvaluations: bypass.blockEvaluations + side.blockEvaluations + induce.blockEvaluations,
  };
}

function effects(
  { places }: DirectionStudy,
  { layer, position }: PlacedVector,
  { ablated, harmless, added }: Measured,
): Candidate {
  const at = (place: number) => ({
    bypass: mean(scoresAt(ablated, place, places)),
    induce: mean(scoresAt(added, place, places)),
  });
  return {
    ...{ layer, position, ...at(0), kl: mean([...harmless.kl!]) },
    deciding: places === 1 ? null : at(places - 1),
  };
}
